"""What happened to an account, newest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from romm.accounts.administration import Administration
from romm.api.pages.described_links import DescribedLink
from romm.api.pages.described_sign_ins import SignInView, describe_entries
from romm.api.pages.renderer import PageRenderer
from romm.api.pages.user_agents import in_words
from romm.credentials.principal import Principal, actor
from romm.diagnosis.explanation import Explainers
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.diagnosis.explanation import Explanation
from romm.domain.errors import Refused
from romm.domain.model import Account
from romm.domain.sign_in.log_search import OfPerson
from romm.ports.sign_in import SignInEntry, SignInFilter
from romm.sign_in.journal import SignInJournal

LAST_LINES = 30
"""Of the log, and of the timeline."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """`line` is one of the log; without it, `what` and `more` describe the event."""

    at: datetime
    what: str = ""
    more: str = ""
    line: SignInView | None = None


async def entries_of(account: Account, who: Principal, journal: SignInJournal) -> Sequence[SignInEntry]:
    """With refusals of its address. Empty without the right to read the log."""
    if "logs.read" not in who.scopes:
        return []
    return await journal.search(actor(who), SignInFilter(term=OfPerson(account.id, account.email)), LAST_LINES)


async def timeline(
    account: Account,
    entries: Sequence[SignInEntry],
    links: Sequence[DescribedLink],
    credentials: Iterable[Credential],
    renderer: PageRenderer,
    who: Principal,
    administration: Administration,
) -> list[Event]:
    lines = await describe_entries(entries, renderer, who, administration)
    events = [
        *(Event(at=line.entry.at, line=line) for line in lines),
        *_events(account, links),
        *(_of_credential(each) for each in credentials),
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)[:LAST_LINES]


def _events(account: Account, links: Sequence[DescribedLink]) -> Iterator[Event]:
    yield Event(at=account.created_at, what="Account created")
    if account.password_set_at is not None:
        yield Event(at=account.password_set_at, what="Password set")
    for each in links:
        issuer = each.link.identity.issuer
        yield Event(at=each.link.linked_at, what=f"Linked with {each.name}", more=issuer)
        if each.link.retired_at is not None:
            yield Event(at=each.link.retired_at, what=f"Link with {each.name} retired", more=issuer)


def _of_credential(credential: Credential) -> Event:
    last = f"last used {credential.last_used_at:%Y-%m-%d %H:%M} UTC"
    if credential.kind is Kind.SESSION:
        browser = f"Session begun in {in_words(credential.user_agent)}, still open"
        return Event(at=credential.created_at, what=browser, more=f"from {credential.address or 'unknown'}; {last}")
    return Event(at=credential.created_at, what=f"Client token {credential.name} created, still valid", more=last)


async def last_explained(
    account: Account, entries: Sequence[SignInEntry], explainers: Explainers, who: Principal
) -> Explanation | Refused | None:
    """With the last claims from a provider; None without them."""
    entry = next((each for each in entries if each.claims and each.issuer), None)
    if entry is None:
        return None
    subjects = [link.identity.subject for link in account.links if link.identity.issuer == entry.issuer]
    named = {"iss": entry.issuer} | ({"sub": subjects[0]} if subjects else {})
    try:
        return await explainers.explain(actor(who), {"id_token": {**entry.deciding, **named}})
    except Refused as refused:
        return refused

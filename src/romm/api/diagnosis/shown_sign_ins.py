"""Lines of the sign-in log as pages tell them: with the account's name, and with what code and rule mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from romm.accounts.administration import Administration
from romm.api.pages.site import Site, told
from romm.credentials.principal import Principal
from romm.domain.sign_in.linking import ROWS
from romm.ports.sign_in import SignInEntry

WAYS = {"password": "with a local password", "recovery": "with a recovery link"}


@dataclass(frozen=True, kw_only=True)
class ShownSignIn:
    """A line. `name` is None of an account that is gone, `told` of a sign-in; `rule` is when it applies and what then."""

    entry: SignInEntry
    way: str
    name: str | None
    told: Mapping[str, str] | None
    rule: tuple[str, str] | None
    received: Mapping[str, str]


async def shown(
    entries: Sequence[SignInEntry], site: Site, who: Principal, administration: Administration
) -> list[ShownSignIn]:
    """The lines, for somebody who may or may not know who has an account."""
    owners = {entry.account_id for entry in entries if entry.account_id is not None}
    names = await administration.names(owners) if "users.read" in who.scopes else {}
    ways = WAYS | {"openid": f"with {site.provider_name}", "backchannel": f"by {site.provider_name}"}
    return [_shown(entry, site, names, ways) for entry in entries]


def _shown(entry: SignInEntry, site: Site, names: Mapping[int, str], ways: Mapping[str, str]) -> ShownSignIn:
    return ShownSignIn(
        entry=entry,
        way=ways.get(entry.method, entry.method),
        name=None if entry.account_id is None else names.get(entry.account_id),
        told=told(entry.code, site) if entry.code else None,
        rule=ROWS.get(entry.rule or ""),
        received=msgspec.json.decode(entry.received, type=dict[str, str]) if entry.received else {},
    )

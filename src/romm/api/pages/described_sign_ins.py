"""The sign-in log on pages, with names and explanations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from romm.accounts.administration import Administration
from romm.api.pages.renderer import PageRenderer, describe
from romm.credentials.principal import Principal, actor
from romm.domain import hosts
from romm.domain.sign_in.linking.table import ROWS
from romm.domain.sign_in.providers import in_words_of
from romm.domain.sign_in.roles import hints as role_hints
from romm.ports.sign_in import SignInEntry

WAYS = {"password": "with a local password", "recovery": "with a recovery link"}


@dataclass(frozen=True, kw_only=True)
class SignInView:
    """`name` is None for a deleted account, `described` for a success.

    `role` describes a changed role; `warning` needs the administrator's attention.
    """

    entry: SignInEntry
    way: str
    name: str | None
    described: Mapping[str, Any] | None
    rule: tuple[str, str] | None
    received: Mapping[str, str]
    role: str
    warning: str


async def describe_entries(
    entries: Sequence[SignInEntry], renderer: PageRenderer, who: Principal, administration: Administration
) -> list[SignInView]:
    owners = {entry.account_id for entry in entries if entry.account_id is not None}
    names = await administration.names(actor(who), owners) if "users.read" in who.scopes else {}
    return [_describe_entry(entry, renderer, names) for entry in entries]


def _way(entry: SignInEntry, renderer: PageRenderer) -> str:
    """With the provider's name; an earlier one's host."""
    by = {"openid": "with", "backchannel": "by"}.get(entry.method)
    if by is None:
        return WAYS.get(entry.method, entry.method)
    if entry.issuer is None:  # refused before a provider was asked
        return f"{by} single sign-on" if renderer.configured.are_several else f"{by} {renderer.provider_name}"
    return f"{by} {renderer.name_of(entry.issuer) or hosts.display(entry.issuer)}"


def _describe_entry(entry: SignInEntry, renderer: PageRenderer, names: Mapping[int, str]) -> SignInView:
    provider, rule = renderer.configured.of_issuer(entry.issuer), ROWS.get(entry.rule or "")
    provider_id = provider.id if provider else None
    warning = role_hints.hint(entry.warning, renderer.oidc_of(entry.issuer).claim_roles)
    return SignInView(
        entry=entry,
        way=_way(entry, renderer),
        name=None if entry.account_id is None else names.get(entry.account_id),
        described=describe(entry.code, renderer, provider, entry.known_facts) if entry.code else None,
        rule=rule and (in_words_of(provider_id, rule[0]), in_words_of(provider_id, rule[1])),
        received=entry.outline,
        role=_role(entry),
        warning=in_words_of(provider_id, warning),
    )


def _role(entry: SignInEntry) -> str:
    """Empty unless it changed, or the provider did not decide it."""
    before, after = entry.role_before, entry.role_after
    if after is None:
        return ""
    if before is not None and before is not after:
        return f"{'raised' if after > before else 'lowered'}, {before.label} → {after.label}"
    if entry.warning in role_hints.KEPT:
        return f"{after.label}, {'given' if before is None else 'kept'} here, not by the provider"
    return ""

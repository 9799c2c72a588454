"""The further providers: `[providers.<id>]` in the file, `ROMM_PROVIDERS__<ID>__<KEY>` in the environment."""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from romm.domain.sign_in import discovery
from romm.domain.sign_in.providers import FIRST
from romm.settings.environment import PROVIDER_PREFIX
from romm.settings.model import FIELDS, PROVIDERS, DeclaredProvider, Field, section_of
from romm.settings.values import ConfigurationReport, Draft

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_VARIABLE = re.compile(rf"{PROVIDER_PREFIX}(.+?)__.+")
_RESERVED = {
    FIRST: "is the provider in [oidc]",
    "backchannel-logout": "is the end of the address for logout tokens",
}

AUTOLOGIN = f"{FIRST}.autologin"

_KEYS = tuple(field for field in FIELDS if field.section == FIRST)


def declared_ids(written: object, file: str, environ: Mapping[str, str], report: ConfigurationReport) -> list[str]:
    """In the file's order, then those of the environment alone by name."""
    tables = written if isinstance(written, dict) else {}
    if not isinstance(written, dict):
        report.problems.append(
            f"{PROVIDERS} in {file} is not a table; write [{PROVIDERS}.google], with an id for google."
        )
    places = {each: f"[{PROVIDERS}.{each}] of {file}" for each, table in tables.items() if isinstance(table, dict)}
    report.problems += [
        f"{PROVIDERS}.{key} in {file} is not a table; write [{PROVIDERS}.<id>] above the keys of a provider."
        for key, value in tables.items()
        if not isinstance(value, dict)
    ]
    for name in sorted(environ):
        if (found := _VARIABLE.fullmatch(name)) and environ[name].strip():
            places.setdefault(found[1].lower().replace("_", "-"), name)
    wrong = {each: problem for each, place in places.items() if (problem := _problem(each, place))}
    report.problems += wrong.values()
    return [each for each in places if each not in wrong]


def _problem(provider_id: str, place: str) -> str | None:
    if reason := _RESERVED.get(provider_id):
        return f"{place}: the id {provider_id} {reason}; choose another."
    if not _ID.fullmatch(provider_id):
        return f"{place}: {provider_id!r} is no id; write 1 to 32 of a-z, 0-9 and -, such as google."
    return None


def fields(ids: Iterable[str]) -> tuple[Field, ...]:
    return tuple(field.of_provider(each) for each in ids for field in _KEYS)


def defaults(ids: Iterable[str], of_first: Mapping[str, Any]) -> dict[str, Any]:
    """As of the first, but on, and with the id as preset."""
    own = {each: {"enabled": True, "provider": each} for each in ids}
    return {
        f"{section_of(each)}.{field.key}": own[each].get(field.key, of_first[field.path])
        for each in own
        for field in _KEYS
    }


def named_autologin(values: MutableMapping[str, Any], ids: Iterable[str]) -> bool:
    """Replaces an id in `OIDC_AUTOLOGIN` by that provider's switch. True if there was one."""
    path = AUTOLOGIN
    named = str(values[path]).strip().lower()
    if named not in (FIRST, *ids):
        return False
    values[path] = False
    values[f"{section_of(named)}.autologin"] = True
    return True


def check_issuers(draft: Draft) -> None:
    """By them links, sessions and logouts belong to a provider."""
    before: list[DeclaredProvider] = []
    for each in (each for each in draft.settings.all_providers if each.oidc.enabled and issuers(each)):
        names = draft.names[each.section]
        same = next((other for other in before if _share_an_issuer(other, each)), None)
        if same is None:
            before.append(each)
        else:
            name = names["server_metadata_url" if each.oidc.server_metadata_url else "server_application_url"]
            reason = f"{name} names the issuer of [{same.section}] again; each provider needs another issuer"
            draft.report.off.setdefault(each.section, []).append(reason)


def issuers(declared: DeclaredProvider) -> tuple[str, ...]:
    """Those that its discovery document may have."""
    oidc = declared.oidc
    found = discovery.location(oidc.server_application_url, oidc.server_metadata_url).issuers
    return tuple(filter(None, found))


def _share_an_issuer(one: DeclaredProvider, other: DeclaredProvider) -> bool:
    return any(discovery.is_issuer(a, b) for a in issuers(one) for b in issuers(other))


def check_autologin(draft: Draft) -> None:
    """The login page goes to one provider at most; of several, to a named one."""
    working, names = draft.settings.working_providers, draft.names
    chosen = [each for each in working if each.oidc.autologin]
    if len(chosen) > 1:
        several = " and ".join(names[each.section]["autologin"] for each in chosen)
        draft.report.problems.append(f"{several} are all true; the login page goes to one provider only.")
    for each in draft.settings.all_providers if working and not chosen else ():
        if each.oidc.autologin:
            draft.report.warnings.append(
                f"{names[each.section if not draft.autologin_named else FIRST]['autologin']} asks the login page to go straight "
                f"to [{each.section}], which is off, so the page shows {_ids(working)}. Name one that is on."
            )
    if len(working) > 1 and not draft.autologin_named and any(each.id == FIRST for each in chosen):
        draft.complete(FIRST, autologin=False)
        draft.report.warnings.append(
            f"{names[FIRST]['autologin']} is true beside several providers, so the login page shows them all. To go straight "
            f"to one, write its id: {_ids(working)}."
        )


def also_an_id(field: Field, ids: Iterable[str]) -> str:
    further = list(ids)
    return f", or the id of a provider: {' or '.join((FIRST, *further))}" if field.path == AUTOLOGIN and further else ""


def _ids(declared: Iterable[DeclaredProvider]) -> str:
    return " or ".join(each.id for each in declared)

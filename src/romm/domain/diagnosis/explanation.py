"""Explain the effect of a claim set."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from romm.domain import emails
from romm.domain.catalogue import CATALOGUE, operator_text
from romm.domain.errors import Code, Refuse, Refused, bounded
from romm.domain.model import Account
from romm.domain.sign_in.claims.rules import Claims, NotConfigured, Unknown, Values
from romm.domain.sign_in.claims.signed_tokens import Document
from romm.domain.sign_in.linking.decisions import (
    Confirm,
    Decision,
    Ends,
    LinkIdentity,
    Register,
    Reject,
    SignIn,
    warnings,
)
from romm.domain.sign_in.linking.table import ROWS
from romm.domain.sign_in.providers import in_words_of
from romm.domain.sign_in.roles import hints as role_hints
from romm.domain.sign_in.roles.rules import Keep, RoleDecision, describe
from romm.domain.titles import TITLES

MAX_SHOWN_VALUES = 20

_EXAMPLE_SUBJECT = "subject-of-the-example"
_OUTCOMES = {
    "SignIn": "would be signed in",
    "Link": "would be linked and signed in",
    "Confirm": "would be asked whether an account is theirs",
    "Register": "would get a new account and be signed in",
    "Refuse": "would be refused",
}
_ENDS = {
    Ends.NOTHING: "nothing",
    Ends.ALL_BUT_PASSWORD: "its sessions, tokens and links; a local password stays",
    Ends.EVERYTHING: "its sessions, tokens, links and its local password",
}


class Line(Struct, frozen=True):
    about: str
    found: str


class Explanation(Struct, frozen=True, kw_only=True):
    """`rule` is the deciding row of docs/linking.md."""

    outcome: str
    rule: str
    code: Code | None
    lines: tuple[Line, ...]

    @property
    def sentence(self) -> str:
        code = f" ({self.code})" if self.code else ""
        return f"This person {_OUTCOMES[self.outcome]}{code}, by rule {self.rule}."

    @property
    def in_words(self) -> str:
        """For pages: without code and rule."""
        why = f": {TITLES[self.code]}" if self.code else ""
        return f"This person {_OUTCOMES[self.outcome]}{why}."


def issuer(claims: Any) -> str | None:
    """The one that pasted JSON names."""
    document = claims.get("id_token", claims) if isinstance(claims, Mapping) else None
    named = document.get("iss") if isinstance(document, Mapping) else None
    return named if isinstance(named, str) else None


def in_words_about(provider_id: str, explained: Explanation) -> Explanation:
    lines = tuple(Line(line.about, in_words_of(provider_id, line.found)) for line in explained.lines)
    return replace(explained, lines=lines)


def documents(claims: Any, issuer: str) -> tuple[Document, Document | None] | Refuse:
    """Pasted JSON: both under their names, or one flat claim set.

    Missing `iss` and `sub` become the provider's, and one without an account.
    """
    if not isinstance(claims, Mapping) or not claims:
        return Refuse(Code.CLAIMS_UNREADABLE, {"problem": "it is not a JSON object with claims"})
    parts = {name: claims.get(name) for name in ("id_token", "userinfo")}
    if not any(isinstance(part, Mapping) for part in parts.values()):
        parts = {"id_token": claims, "userinfo": None}
    for name, part in parts.items():
        if part is not None and not isinstance(part, Mapping):
            return Refuse(Code.CLAIMS_UNREADABLE, {"problem": f"{name} is not a JSON object"})
    userinfo = parts["userinfo"]
    subject = (userinfo or {}).get("sub", _EXAMPLE_SUBJECT)
    id_token = {"iss": issuer, "sub": subject, **(parts["id_token"] or {})}
    if not isinstance(id_token["iss"], str) or not isinstance(id_token["sub"], str) or not id_token["sub"]:
        return Refuse(Code.CLAIMS_UNREADABLE, {"problem": "iss and sub must be strings"})
    return id_token, None if userinfo is None else {"sub": id_token["sub"], **userinfo}


def explain(
    claims: Claims, decision: Decision, role: RoleDecision, username: str, roles_claim: str = ""
) -> Explanation:
    """`username`: proposed for a new account."""
    code = decision.refuse.code if isinstance(decision, Reject) else None
    return Explanation(
        outcome=str(type(decision).__struct_config__.tag),
        rule=decision.rule,
        code=code,
        lines=(
            *_claim_lines(claims, role),
            *_decision_lines(decision, claims, roles_claim),
            *_effects(decision, claims, username),
        ),
    )


def outline(claims: Claims, roles_claim: str) -> dict[str, str]:
    """Values of the deciding claims, only the shape of others."""
    decides = _decide(roles_claim)
    return {
        str(bounded(name)): _value(value) if name in decides else _shape(value) for name, value in claims.merged.items()
    }


def deciding(claims: Claims, roles_claim: str) -> dict[str, Any]:
    """To explain them again. Without the subject, of which only a digest is kept."""
    return {name: value for name, value in claims.merged.items() if name in _decide(roles_claim)}


def _decide(roles_claim: str) -> set[str]:
    return {"email", "email_verified", roles_claim.partition(".")[0]}


def _claim_lines(claims: Claims, role: RoleDecision) -> list[Line]:
    email, canonical = claims.email, emails.canonical(claims.email.address)
    verified = {True: "verified", False: "not verified", None: "the document does not say whether it is verified"}
    address = (
        f"{email.address}, from {_name(email.source)}; {verified[email.verified]}" if email.address else email.found
    )
    lines = [
        Line("Identity", f"{claims.identity.subject} at {claims.identity.issuer}"),
        Line("E-mail address", address),
    ]
    if email.address and canonical != email.address:
        lines.append(Line("Compared as", canonical or "cannot be compared safely"))
    match claims.roles:
        case NotConfigured():
            lines.append(Line("Roles claim", "not configured (OIDC_CLAIM_ROLES)"))
        case Unknown(why=why, found=found):
            counts = ", which counts as none" if why == "absent" and not isinstance(role, Keep) else ""
            lines.append(Line("Roles claim", f"{why.replace('_', ' ')}{f': {found}' if found else counts}"))
        case Values(values=values, source=source):
            listed = ", ".join(values[:MAX_SHOWN_VALUES]) + (", …" if len(values) > MAX_SHOWN_VALUES else "")
            lines.append(Line("Roles claim", f"{listed or 'empty'}, from {_name(source)}"))
    return [*lines, Line("Role", describe(role))]


def _decision_lines(decision: Decision, claims: Claims, roles_claim: str) -> list[Line]:
    when, then = ROWS[decision.rule]
    lines = [Line("Rule", f"{decision.rule}: {when}"), Line("So", then)]
    if isinstance(decision, Reject):
        row, refused = CATALOGUE[decision.refuse.code], Refused.by(decision.refuse)
        lines += [Line("The person reads", row.person), Line("What to do", operator_text(refused))]
    elif not isinstance(decision, Confirm):
        hints = {each: role_hints.hint(each, roles_claim, claims.roles_found) for each in warnings(decision)}
        lines += [Line("Warning", f"{warning}: {hint}") for warning, hint in hints.items()]
    return lines


def _effects(decision: Decision, claims: Claims, username: str) -> list[Line]:
    match decision:
        case SignIn(account=account, level=level, email=email, ends=ends, room=room):
            changes = [f"role {account.level.label} → {level.label}"] if level is not account.level else []
            changes += [f"e-mail address → {email}"] if email != account.email else []
            written = "; ".join(changes) or "only the time of the sign-in"
            lines = [Line("Account", f"{account.username} ({level.label})"), Line("Written", written), _ended(ends)]
            return [*lines, *_removed(room)]
        case LinkIdentity(account=account, level=level, ends=ends, room=room):
            written = f"the identity, linked to {account.username}"
            written += f"; role {account.level.label} → {level.label}" if level is not account.level else ""
            lines = [Line("Account", f"{account.username} ({level.label})"), Line("Written", written), _ended(ends)]
            return [*lines, *_removed(room)]
        case Confirm(account=account, provable=provable):
            mine = "linked, if proved by its password or in a known browser"
            return [
                Line("Account", f"{account.username} ({account.level.label}), whose owner typed the address"),
                Line("If it is theirs", mine if provable else "linked on /account alone (OIDC_LINK_BY_EMAIL is false)"),
                Line("If it is not", f"the rules go on without it; the address is removed from {account.username}"),
                Line("Written", "nothing before the answer"),
            ]
        case Register(level=level, email=email, room=room):
            name = f"{username}, or with a number behind it when that is taken"
            return [
                Line("Account", f"a new one: {name}"),
                Line("Written", f"the account ({level.label}, {email}) and its link"),
                *_removed(room),
            ]
        case Reject():
            return [Line("Written", f"only a line in the sign-in log about {claims.identity.issuer}")]


def _removed(room: Iterable[Account]) -> list[Line]:
    names = ", ".join(account.username for account in room)
    return [Line("Removed", f"the e-mail address of {names}, which its owner typed")] if names else []


def _ended(ends: Ends) -> Line:
    return Line("Ends", _ENDS[ends])


def _name(source: str) -> str:
    return {"id_token": "the ID token", "userinfo": "UserInfo"}.get(source, source)


def _value(value: Any) -> str:
    return str(bounded(value))


def _shape(value: Any) -> str:
    match value:
        case bool() | None:
            return f"{value}".lower()
        case str():
            return f"text of {len(value)}"
        case int() | float():
            return "number"
        case list():
            return f"list of {len(value)}"
        case _:
            return f"object of {len(value)}" if isinstance(value, Mapping) else type(value).__name__

"""A report to share: what an issue needs, nothing about people and places."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from romm.domain.diagnosis.findings import Check, Finding, Outcome, summary
from romm.domain.diagnosis.history import LogLine
from romm.domain.diagnosis.redaction import Redaction

_LAST = list(Check)[-1]
MOST_PARTS = 20
"""Of one word."""

_ALPHANUMERIC = re.compile(r"[^\W_]+")
_VARIABLE = re.compile(r"\b(?:OIDC|ROMM|DB|DISABLE|SESSION|OAUTH|INVITE|WEB)_[A-Z_]+\b")


class Surroundings(Struct, frozen=True, kw_only=True):
    """`settings` (variable, value and origin) and `versions` have nothing private. `private`: values that must not be
    in the report, by what stands for them.
    """

    versions: Mapping[str, str]
    settings: Sequence[tuple[str, str, str]]
    private: Mapping[str, Sequence[str]]


def report(
    at: datetime,
    surroundings: Surroundings,
    findings: Sequence[Finding],
    refusals: Sequence[LogLine] | None,
    people: Iterable[str],
) -> str:
    """`people`: names and e-mail addresses."""
    providers = (each.provider for each in findings if each.provider)
    labels = [text for provider in providers for text in (provider.id, provider.label, *provider.issuers)]
    named = [*surroundings.private.get("provider", ()), *labels]
    redacted = Redaction({"provider": named} | {**surroundings.private, "provider": named, "person": people})
    lines = [
        "# RomM sign-in: report",
        "",
        f"Made {at:%Y-%m-%d %H:%M} UTC. Secrets, names, addresses and hosts are replaced: `host-1` is the same host everywhere.",
        *_section("Versions", (f"- {name}: {version}" for name, version in surroundings.versions.items())),
        *_section("Doctor", _examined(findings, redacted)),
        *_section(
            "Settings", (f"- {name} = {value or '(empty)'} ({origin})" for name, value, origin in surroundings.settings)
        ),
        *_section("Last refusals", ["The database cannot be read."] if refusals is None else map(_refusal, refusals)),
    ]
    return "\n".join(lines) + "\n"


def words(findings: Sequence[Finding]) -> frozenset[str]:
    """What may be a person's name, address or subject: each part of a word between two boundaries."""
    texts = (finding.found for finding in findings)
    return frozenset(part for text in texts for word in text.split() for part in _parts(word))


def _parts(word: str) -> Iterator[str]:
    edges = [(found.start(), found.end()) for found in _ALPHANUMERIC.finditer(word)][:MOST_PARTS]
    for number, (start, _) in enumerate(edges):
        yield from (word[start:end] for _, end in edges[number:])


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from lines


def _examined(findings: Sequence[Finding], redacted: Redaction) -> Iterator[str]:
    for finding in findings:
        about = f" at {redacted(finding.provider.id)}" if finding.provider else ""
        code = f" ({finding.code})" if finding.code else ""
        yield f"- {finding.outcome}: {finding.title}{about}{code}: {_found(finding, redacted)}"
    yield ""
    is_complete = bool(findings) and findings[-1].check is _LAST
    yield redacted(summary(findings)) if is_complete else "The checks took too long: those after these are missing."


def _found(finding: Finding, redacted: Redaction) -> str:
    """Remarks quote what was typed, and a certificate names organisations: no pattern knows these."""
    if finding.check is Check.SETTINGS:
        named = _VARIABLE.findall(" ".join((finding.found, *finding.fixes)))
        return redacted(", ".join(dict.fromkeys(named))) or "no remarks"
    is_named = finding.check is Check.TLS and finding.outcome is not Outcome.SKIPPED
    return "left out" if is_named else redacted(finding.found)


def _refusal(refusal: LogLine) -> str:
    more = f", {refusal.warning}" if refusal.warning else ""
    return f"- {refusal.at:%Y-%m-%d %H:%M}: {refusal.method}, {refusal.code}{more}"

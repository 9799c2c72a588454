"""Every text that tells people what to do, and which executor it has."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from romm.domain.catalogue import CATALOGUE
from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.storage import SENTENCES
from romm.domain.errors import Code
from romm.domain.providers.preset import AT_THE_PROVIDER, ConsoleLocations, Preset, click
from romm.domain.providers.register import PRESETS
from tests.fixes.executors import CAUSES, FIXES, LOCATIONS, Executor
from tests.fixes.texts import of_remark, of_text

KNOWN = (*PRESETS.values(), Preset(label="OIDC"))


REMARK = "remark"


class Printed(NamedTuple):
    """`source` is a member of `Fix` or `Cause`, a field of `ConsoleLocations`, a code, or "remark"."""

    source: str
    executor: Executor | None


def printed(text: str) -> Printed:
    """Whose text it is."""
    return _of_the_doctor(text) or _of_a_refusal(text) or _of_a_place(text) or Printed(REMARK, of_remark(text))


def _of_the_doctor(text: str) -> Printed | None:
    for fix in Fix:
        if _fits(fix, text):
            return Printed(f"Fix.{fix.name}", FIXES.get(fix))
    for cause, sentence in SENTENCES.items():
        if text == f"{sentence.fix}.":
            return Printed(f"Cause.{cause.name}", CAUSES.get(cause))
    return None


def _of_a_refusal(text: str) -> Printed | None:
    for code, refusal in CATALOGUE.items():
        if _fits(refusal.operator, text):
            return Printed(code, of_text(code, text))
    for code, hint in hints():
        if text == f"{AT_THE_PROVIDER}{hint}":
            return Printed(code, of_text(code, text))
    return None


def _of_a_place(text: str) -> Printed | None:
    for known in KNOWN:
        for field in ConsoleLocations.__struct_fields__:
            if text == click(getattr(known.locations, field)):
                return Printed(field, LOCATIONS.get(field))
    return None


def hints() -> Iterator[tuple[Code, str]]:
    for known in PRESETS.values():
        yield from known.hints.items()


def _fits(template: str, text: str) -> bool:
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", "(?s:.*)", re.escape(template)), text) is not None

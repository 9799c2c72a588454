"""What a text tells people to do: its clauses that begin with a verb in the imperative."""

import re
from collections.abc import Iterator

_VERBS = (
    "accept|add|allow|approve|ask|change|check|choose|compare|confirm|connect|correct|create|enable|enter|find|fix|give|hand|"
    "ignore|leave|let|link|look|make|mark|move|name|open|pass|paste|put|raise|read|register|remove|rename|report|restart|"
    "revoke|search|see|send|set|sign|start|switch|treat|try|unlink|update|upgrade|use|verify|wait|write"
)
_BEFORE = r"or|and|then|please|otherwise|also|first|else|(?:if|behind|with|for|to|after|until) [^,]+,"
_CLAUSE = re.compile(r"(?<=[.;:?])\s+|, (?=(?:or|and|then|please) )", re.IGNORECASE)
_INSTRUCTION = re.compile(rf"(?:(?:{_BEFORE}) )*(?:{_VERBS})\b", re.IGNORECASE)


def instructions(text: str) -> Iterator[str]:
    for clause in _CLAUSE.split(text):
        if _INSTRUCTION.match(clause):
            yield clause

"""All rows, and the refusals that need no fix."""

from collections.abc import Mapping

from romm.domain.errors import Code
from tests.fixes.refusals import diagnosis
from tests.fixes.refusals.accounts import administration, people
from tests.fixes.refusals.credentials import apps, client_tokens, devices, tokens
from tests.fixes.refusals.scene import Row
from tests.fixes.refusals.sign_in import at_provider, behind_proxies, linking, responses

_OF_A_NOUN = {
    "accounts": (people, administration),
    "sign_in": (responses, linking, at_provider, behind_proxies),
    "credentials": (tokens, client_tokens, apps, devices),
    "diagnosis": (diagnosis,),
}
ROWS: tuple[Row, ...] = tuple(row for modules in _OF_A_NOUN.values() for module in modules for row in module.ROWS)

BY_COMMANDS = frozenset({Code.IMPORT_UNREADABLE})
"""In `tests/fixes/test_imports.py`."""

NOTHING_TO_FIX: Mapping[Code, str] = {
    Code.LOGOUT_TOKEN_USED: "The sessions ended when it came first.",
    Code.CREDENTIAL_UNKNOWN: "It has ended, which is what the request wanted, or is another account's.",
    Code.DEVICE_UNKNOWN: "It was removed, which is what the request wanted, or is another account's.",
    Code.UNEXPECTED: "A fault of RomM's. It is reported; nothing else helps.",
}
"""With the reason. Their texts say what happened, and tell people to do nothing but to report it."""

"""The most common passwords, from the lists that come with zxcvbn; read when the first password is being set."""

import ctypes
from contextlib import suppress
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path

from romm.domain.accounts.passwords import MIN_LENGTH

COUNT = 3000  # OWASP ASVS 5.0, 6.2.4: so many of those that the password rules would let pass


@cache
def common_passwords() -> frozenset[str]:
    """In lower case."""
    ranked = _ranked()
    with suppress(AttributeError):  # musl has no malloc_trim, and keeps less; glibc would keep 4 MiB of what was freed
        ctypes.CDLL(None).malloc_trim(0)
    return frozenset(ranked.split("\n"))


def _ranked() -> str:
    """Most common first, a line each: one text, so that all else is freed without holes that would stay.

    The file is run by itself and forgotten. Importing it would import zxcvbn, which makes look-up tables of all its lists:
    15 MiB for good, where 0.4 are wanted.
    """
    package = find_spec("zxcvbn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("zxcvbn, a dependency of romm-sign-in, is not installed")
    spec = spec_from_file_location("frequency_lists", Path(package.origin).with_name("frequency_lists.py"))
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("zxcvbn has no frequency_lists.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return "\n".join(islice((each for each in module.FREQUENCY_LISTS["passwords"] if len(each) >= MIN_LENGTH), COUNT))

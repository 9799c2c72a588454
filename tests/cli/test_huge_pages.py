"""`romm serve` starts itself again, once, with glibc's huge pages."""

import os
import subprocess
import sys

import pytest

from romm.cli.server.process import HUGE_PAGES, TUNABLES

SHOW = """
import os, sys
from romm.cli.server import process
process.start_with_huge_pages()
print(os.getpid(), os.environ.get(process.TUNABLES), *sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
@pytest.mark.parametrize(
    ("given", "expected"), [(None, HUGE_PAGES), ("", ""), ("glibc.malloc.check=1", "glibc.malloc.check=1")]
)
def test_a_server_is_the_same_process_and_has_huge_pages_unless_the_operator_chose(
    given: str | None, expected: str
) -> None:
    own = {name: value for name, value in os.environ.items() if name != TUNABLES}
    environment = own | ({} if given is None else {TUNABLES: given})
    command = [sys.executable, "-c", SHOW, "serve", "--port", "80"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as started:
        said = started.communicate(timeout=60)[0].rstrip("\n")
    assert said == f"{started.pid} {expected} serve --port 80"


def test_other_commands_and_an_empty_setting_start_once() -> None:
    """`python -v` names each module that it imports, for each start of Python."""
    for arguments, environment, starts in (
        (["--version"], {}, 1),
        (["serve", "--help"], {TUNABLES: ""}, 1),
        (["serve", "--help"], {}, 2),
    ):
        own = {name: value for name, value in os.environ.items() if name != TUNABLES}
        command = [sys.executable, "-v", "-m", "romm", *arguments]
        run = subprocess.run(command, env=own | environment, capture_output=True, text=True, timeout=60, check=True)
        assert run.stderr.count("import 'site'") == starts

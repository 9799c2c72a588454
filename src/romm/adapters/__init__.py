"""Each adapter implements a port and is the only importer of its library.

structlog and httpx import Rich, for tracebacks and a command line that RomM does not use, wherever it is installed, and
Litestar installs it. Without it a worker is 5 MiB smaller.
"""

import sys

for unused in ("rich", "httpx._main"):
    sys.modules.setdefault(unused, None)  # type: ignore[arg-type]  # to import it fails, as if it were not there

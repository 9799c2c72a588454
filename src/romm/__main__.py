"""`python -m romm` is the `romm` command."""

from romm.cli import main

main()

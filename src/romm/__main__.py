"""`python -m romm` runs the `romm` command."""

from romm.cli.main import main

if __name__ == "__main__":
    main()

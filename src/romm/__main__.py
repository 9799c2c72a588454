"""The `romm` command."""

import sys

from romm.cli.server import process


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        process.start_with_huge_pages()
    with process.without_collections():
        from romm.cli.main import main as command  # noqa: PLC0415  (not twice: slow to import)

    command()


if __name__ == "__main__":
    main()

"""What RomM costs, beside other programs on the same machine. `python -m bench`, by `nox -s bench`."""

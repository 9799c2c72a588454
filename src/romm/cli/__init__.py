"""The `romm` command."""

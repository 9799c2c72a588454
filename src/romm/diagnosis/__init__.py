"""Use cases: why it does not work."""

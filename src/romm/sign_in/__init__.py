"""Use cases: how you get in."""

"""Use cases: what opens an account once you are in."""

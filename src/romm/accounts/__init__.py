"""Use cases: who there is."""

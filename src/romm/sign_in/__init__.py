"""Use cases: signing in and out."""

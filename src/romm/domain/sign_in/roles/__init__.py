"""Rules: which role the claims give."""

"""Rules: identity, role and account of a sign-in."""

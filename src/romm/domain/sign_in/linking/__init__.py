"""Rules: which account a sign-in opens."""

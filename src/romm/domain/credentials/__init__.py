"""Rules: credentials."""

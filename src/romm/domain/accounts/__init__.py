"""Rules: accounts."""

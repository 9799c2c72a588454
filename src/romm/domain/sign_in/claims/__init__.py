"""Rules: what the provider says of a person, and whether it holds."""

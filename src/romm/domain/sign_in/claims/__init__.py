"""Rules: the provider's claims about a person."""

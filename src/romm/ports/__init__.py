"""What the use cases need. Every method is one transaction."""

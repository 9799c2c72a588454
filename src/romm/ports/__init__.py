"""What the use cases need from the outside. Every method is one transaction."""

"""Routes and pages: accounts."""

"""Routes and pages: sessions, tokens and devices."""

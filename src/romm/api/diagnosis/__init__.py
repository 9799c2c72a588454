"""Routes and pages: health, doctor and sign-in log."""

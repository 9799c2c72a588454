"""Routes and pages: signing in and out."""

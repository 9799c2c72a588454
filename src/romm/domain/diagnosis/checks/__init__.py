"""Rules: one file per group of checks."""

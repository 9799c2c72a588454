"""Rules: the doctor's findings."""

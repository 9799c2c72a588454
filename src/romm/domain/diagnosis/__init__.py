"""Rules: what the doctor says."""

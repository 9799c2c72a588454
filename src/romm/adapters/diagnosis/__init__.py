"""Adapters: what the doctor looks with."""

"""Adapters: the database itself."""

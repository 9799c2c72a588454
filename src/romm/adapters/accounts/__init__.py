"""Adapters: accounts."""

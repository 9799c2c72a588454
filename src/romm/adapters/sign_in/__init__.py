"""Adapters: signing in."""

"""Adapters: credentials and counted attempts."""

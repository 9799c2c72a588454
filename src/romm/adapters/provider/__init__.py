"""Adapters: the OpenID Provider."""

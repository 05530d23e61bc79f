"""Adapters: one module per framework, each with its own extra. None is imported here."""

"""Providers for tests and demonstrations: a script, a recording."""

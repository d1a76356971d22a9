"""Providers for tests and demonstrations, which play a script or a recording."""

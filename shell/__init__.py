"""Tidewire: a desktop home for every language model, and the bridge under it."""

__version__ = "0.1.0"

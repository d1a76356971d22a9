"""Searches messages with two full-text indexes, and makes the snippets of the hits."""

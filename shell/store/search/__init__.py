"""Searches messages by two indexes, and cuts the excerpts that are shown."""

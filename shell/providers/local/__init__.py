"""The embedded model: its files, its process, its client."""

"""The way between a page and the host: one door in, one feed out."""

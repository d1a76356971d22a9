"""Makes a program of one's own from a template, and develops and builds it."""

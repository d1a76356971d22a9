"""The desktop program: the host and its start."""

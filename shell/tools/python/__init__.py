"""Python functions of a person's own files as tools."""

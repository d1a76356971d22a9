"""Prompt templates: files with a form and a text in Jinja, filled in by a child process."""

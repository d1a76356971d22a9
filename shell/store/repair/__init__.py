"""Repair of a damaged database."""

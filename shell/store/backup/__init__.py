"""Backups of the database, and bundles that hold everything."""

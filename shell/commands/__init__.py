"""The commands for what is kept: conversations, backups, keys."""

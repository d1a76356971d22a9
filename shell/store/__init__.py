"""What is kept: conversations and their search, backups, exports; one more reader of the log."""

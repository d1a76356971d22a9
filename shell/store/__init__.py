"""The database of conversations: messages, search, backups, repair, import and export."""

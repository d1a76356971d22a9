"""What people do with conversations: ask, edit, list, import, export."""

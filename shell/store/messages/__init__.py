"""The rows of a conversation: tree, turns, content, notes, usage."""

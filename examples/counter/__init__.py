"""Counter: a window that adds, and that counts in a stream."""

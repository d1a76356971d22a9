"""What providers share over HTTP."""

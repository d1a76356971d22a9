"""The page in a browser: server, tabs, tokens."""

"""Tools of MCP servers: programs on this machine, and servers on the network."""

"""One file for each API that providers speak, and one for its stream."""

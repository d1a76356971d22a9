"""Programs of somebody else's on this bridge."""

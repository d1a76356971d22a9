"""Connects pages to the host: calls come in through a door, pushes go out through a feed."""

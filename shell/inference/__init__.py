"""Runs inferences: the engine, a run and its log, sessions, deadlines, limits."""

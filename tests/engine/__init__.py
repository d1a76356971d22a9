"""Tests of the engine and its sessions, under a clock that the tests turn."""

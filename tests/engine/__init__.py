"""Tests of the engine and its sessions, with a clock that the tests control."""

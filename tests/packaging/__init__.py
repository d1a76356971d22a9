"""Tests of the distributed packages."""

"""Marks the processes of a test, so that it sees its own alone."""

import os

import pytest


@pytest.fixture
def own_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_TEST", str(os.getpid()))

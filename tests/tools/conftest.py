"""Marks the processes of a test, so that the test finds only its own."""

import os

import pytest


@pytest.fixture
def own_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_TEST", str(os.getpid()))

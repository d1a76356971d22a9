"""Runs the asynchronous tests of providers on asyncio."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

"""What the tests of providers share: the asyncio backend, and a plain request."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

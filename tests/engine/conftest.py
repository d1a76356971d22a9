"""Fixtures for the virtual loop, and for a host that checks its runs when it closes."""

from collections.abc import AsyncIterator

import pytest

from tests.engine.host import Host
from tests.virtual_loop import VirtualLoop


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[VirtualLoop]]]:
    return "asyncio", {"loop_factory": VirtualLoop}


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    yield host
    await host.close()

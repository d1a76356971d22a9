"""Fixtures with a store, and with a desk, in a directory of their own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shell.store.store import Store
from tests.store.desk import Desk


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    store.open()
    yield store
    store.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.close()

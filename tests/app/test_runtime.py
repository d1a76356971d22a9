"""The engine is made on first use, and never while the program ends."""

from pathlib import Path

import pytest

from shell.app.runtime import Runtime
from shell.contract import NO_BUDGETS
from shell.errors import HostClosing
from shell.inference.limits import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_an_ending_host_makes_no_engine(tmp_path: Path) -> None:
    runtime = Runtime(tmp_path, {}, Settings(), lambda: NO_BUDGETS)
    runtime.close_owner("window-1")
    await runtime.end_runs()
    with pytest.raises(HostClosing):
        runtime.engine  # noqa: B018
    await runtime.close()
    assert "engine" not in vars(runtime)


async def test_an_engine_that_was_made_is_closed(tmp_path: Path) -> None:
    runtime = Runtime(tmp_path, {}, Settings(), lambda: NO_BUDGETS)
    engine = runtime.engine
    await runtime.end_runs()
    assert engine._closing
    await runtime.close()

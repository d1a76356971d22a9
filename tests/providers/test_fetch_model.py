"""How the page fetches the embedded model where the package does not contain it."""

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shell.api.model import ModelApi
from shell.bridge.caller import Caller
from shell.bridge.topics import Topics
from shell.errors import ProviderError
from shell.providers.local.download import Download, missing
from shell.providers.local.model_files import EMBEDDED_FILE, ModelFiles
from tests.host_process import PATIENCE_S

pytestmark = pytest.mark.anyio
CALLER = Caller("window-1")


@pytest.fixture
def topics() -> Topics:
    return Topics()


@pytest.fixture
async def api(tmp_path: Path, topics: Topics) -> ModelApi:
    return ModelApi(tmp_path, ModelFiles(tmp_path, {}, root=tmp_path / "nowhere"), topics)


async def published(topics: Topics, condition: Callable[[dict[str, object]], bool]) -> None:
    """Wait until a value of the topic `model` fulfils the condition."""
    changed = asyncio.Event()
    unsubscribe = topics.subscribe(lambda _: changed.set())
    while not any(condition(json.loads(item)["value"]) for _, _, item in topics.updates({})):
        async with asyncio.timeout(PATIENCE_S):
            await changed.wait()
        changed.clear()
    unsubscribe()


async def test_it_is_fetched_once_however_often_it_is_asked_for(
    api: ModelApi, topics: Topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, calls = threading.Event(), []

    def fetch(self: Download) -> Path:
        calls.append(self)
        self._progress(30, 90)
        assert go_on.wait(PATIENCE_S)
        self.target.parent.mkdir(parents=True)
        self.target.write_bytes(b"GGUF")
        return self.target

    monkeypatch.setattr(Download, "fetch", fetch)
    assert api.state(CALLER).state == "missing"
    assert api.fetch(CALLER).state == "fetching"
    assert api.fetch(CALLER).state == "fetching"
    await published(topics, lambda value: value["doneBytes"] == 30)
    go_on.set()
    await published(topics, lambda value: value["state"] == "here")
    status = api.fetch(CALLER)
    assert (status.state, status.done_bytes, status.total_bytes) == ("here", 30, 90)
    assert len(calls) == 1
    assert (tmp_path / "models" / EMBEDDED_FILE).exists()


async def test_a_failure_says_what_to_do_and_may_be_tried_again(
    api: ModelApi, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[ProviderError] = []

    def fetch(self: Download) -> Path:
        failures.append(missing("there is no network"))
        raise failures[-1]

    monkeypatch.setattr(Download, "fetch", fetch)
    for number in (1, 2):
        api.fetch(CALLER)
        await published(topics, lambda value: value["problem"] is not None)
        status = api.state(CALLER)
        assert status.state == "missing"
        assert status.problem is not None
        assert "there is no network" in status.problem
        assert "tidewire model fetch --from FILE" in status.problem
        assert len(failures) == number

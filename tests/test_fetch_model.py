"""The page's way to the embedded model where it did not come along."""

import threading
from pathlib import Path

import pytest

from shell.api.model import ModelApi
from shell.bridge.caller import Caller
from shell.errors import ProviderError
from shell.providers.local.download import Download, missing
from shell.providers.local.model_files import EMBEDDED_FILE, ModelFiles

CALLER = Caller("window-1")


@pytest.fixture
def api(tmp_path: Path) -> ModelApi:
    return ModelApi(tmp_path, ModelFiles(tmp_path, {}, root=tmp_path / "nowhere"))


def settled(api: ModelApi) -> None:
    """Wait until the worker has done what was begun."""
    api._worker.submit(lambda: None).result(10)


def test_it_is_fetched_once_however_often_it_is_asked_for(
    api: ModelApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, calls = threading.Event(), []

    def fetch(self: Download) -> Path:
        calls.append(self)
        self._progress(30, 90)
        assert go_on.wait(10)
        self.target.parent.mkdir(parents=True)
        self.target.write_bytes(b"GGUF")
        return self.target

    monkeypatch.setattr(Download, "fetch", fetch)
    assert api.state(CALLER).state == "missing"
    assert api.fetch(CALLER).state == "fetching"
    assert api.fetch(CALLER).state == "fetching"
    go_on.set()
    settled(api)
    told = api.fetch(CALLER)
    assert (told.state, told.done_bytes, told.total_bytes) == ("here", 30, 90)
    assert len(calls) == 1
    assert (tmp_path / "models" / EMBEDDED_FILE).exists()


def test_a_failure_says_what_to_do_and_may_be_tried_again(
    api: ModelApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[ProviderError] = []

    def fetch(self: Download) -> Path:
        failures.append(missing("there is no network"))
        raise failures[-1]

    monkeypatch.setattr(Download, "fetch", fetch)
    for number in (1, 2):
        api.fetch(CALLER)
        settled(api)
        told = api.state(CALLER)
        assert told.state == "missing"
        assert told.problem is not None
        assert "there is no network" in told.problem
        assert "tidewire model fetch --from FILE" in told.problem
        assert len(failures) == number

"""Keys: stored in the keychain or only for this session, and bound to one host."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shell.contract import KeyStatus
from shell.providers.keys import (
    BACKENDS,
    FREE_DESKTOPS,
    NO_ANSWER,
    NO_KEYCHAIN,
    NOT_SAVED,
    SERVICE,
    Keychain,
    Keys,
    system_keychain,
)
from tests.command import ROOT

pytestmark = pytest.mark.anyio
CANARY = "sk-canary-3f9a81c27b5d4e60"
URL = "https://api.example.com/v1"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def note_of(status: KeyStatus) -> str | None:
    return None if status.remark is None else status.remark.text


class Memory:
    """A keychain that works, in memory."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        assert service == SERVICE
        return self.passwords.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        assert service == SERVICE
        self.passwords[username] = password

    def delete_password(self, service: str, username: str) -> None:
        assert service == SERVICE
        del self.passwords[username]


class Null(Memory):
    """Accepts every password and stores none, as keyring's null backend does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Other(Memory):
    """Stores another password than the given one."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password[:10])


class Failing(Memory):
    """A locked keychain that nobody unlocks."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(f"locked: {CANARY}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"locked: {password}")


class Hanging(Memory):
    """Waits for a person at a dialog that nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()
        self.calls = 0

    def set_password(self, service: str, username: str, password: str) -> None:
        self.calls += 1
        self.released.wait(30)
        super().set_password(service, username, password)

    def get_password(self, service: str, username: str) -> str | None:
        self.calls += 1
        self.released.wait(30)
        return super().get_password(service, username)


def keys(
    keychain: Keychain | None, environment: str | None = None, timeout_s: float = 30.0
) -> Keys:
    return Keys(lambda: keychain, lambda _: environment, timeout_s=timeout_s)


async def test_a_key_is_kept_read_back_and_never_told() -> None:
    chain = Memory()
    store = keys(chain)
    status = await store.set("openai", CANARY, URL)
    assert (status.configured, status.source, status.hint, status.host, status.remark) == (
        True,
        "keychain",
        "4e60",
        "api.example.com",
        None,
    )
    assert CANARY not in status.model_dump_json()
    assert CANARY not in repr(store._keys)
    assert store.find("openai", URL) == CANARY
    assert store.secrets() == {CANARY}
    reopened = keys(chain)
    await reopened.load({"openai": URL, "other": URL})
    assert reopened.find("openai", URL) == CANARY
    assert reopened.status("openai", URL).source == "keychain"
    assert not reopened.status("other", URL).configured
    assert json.loads(chain.passwords["openai"]) == {"key": CANARY, "host": "api.example.com"}


@pytest.mark.parametrize(
    ("chain", "note"),
    [(None, NO_KEYCHAIN), (Null(), NOT_SAVED), (Other(), NOT_SAVED), (Failing(), NOT_SAVED)],
)
async def test_what_is_not_really_kept_is_for_this_session_and_said(
    chain: Memory | None, note: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = keys(chain)
    status = await store.set("openai", CANARY, URL)
    assert (status.configured, status.source, note_of(status)) == (True, "session", note)
    assert store.find("openai", URL) == CANARY
    reopened = keys(chain)
    await reopened.load({"openai": URL})
    assert reopened.find("openai", URL) is None
    assert CANARY not in caplog.text


@pytest.fixture
async def hanging() -> AsyncIterator[Hanging]:
    chain = Hanging()
    yield chain
    chain.released.set()


async def test_a_keychain_that_hangs_holds_nobody_up(hanging: Hanging) -> None:
    store = keys(hanging, timeout_s=0.2)
    start = time.monotonic()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.ensure_future(tick())
    status = await store.set("openai", CANARY, URL)
    assert (status.source, note_of(status)) == ("session", NO_ANSWER)
    assert store.find("openai", URL) == CANARY
    # The next question does not wait behind the one that hangs.
    status = await store.set("anthropic", CANARY, URL)
    assert note_of(status) == NO_ANSWER
    await store.load({"google": URL})
    assert (await store.remove("anthropic", URL)).remark is not None
    ticking.cancel()
    assert time.monotonic() - start < 20  # a call that waited for the keychain would never end
    assert ticks > 5
    assert hanging.calls == 1


async def test_a_keychain_that_answers_late_counts_then(hanging: Hanging) -> None:
    store = keys(hanging, timeout_s=0.2)
    assert (await store.set("openai", CANARY, URL)).source == "session"
    hanging.released.set()
    while store.status("openai", URL).source != "keychain":  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert store.status("openai", URL).remark is None


async def test_a_key_goes_to_its_own_host_only() -> None:
    store = keys(Memory(), environment="from-the-environment")
    await store.set("openai", CANARY, URL)
    assert store.find("openai", "https://api.example.com/v2/other") == CANARY
    for other in (
        "https://evil.example/v1",
        "https://api.example.com.evil.example/v1",
        "https://api.example.com:8443/v1",
        "https://api.example.com@evil.example/v1",
    ):
        assert store.find("openai", other) is None
        status = store.status("openai", other)
        assert not status.configured
        assert "api.example.com" in str(note_of(status))


async def test_the_environment_is_a_source_too() -> None:
    store = keys(None, environment=CANARY)
    status = store.status("openai", URL)
    assert (status.configured, status.source, status.hint) == (True, "environment", "4e60")
    assert store.find("openai", URL) == CANARY


@pytest.mark.parametrize("use", ["find", "status", "load"])
async def test_a_key_of_the_environment_is_redacted(use: str) -> None:
    store = keys(None, environment=CANARY)
    if use == "load":
        await store.load({"openai": URL})
    else:
        getattr(store, use)("openai", URL)
    assert store.secrets() == {CANARY}


def test_a_word_in_place_of_a_key_is_not_redacted() -> None:
    store = keys(None, environment="none")
    assert store.find("openai", URL) == "none"
    assert store.secrets() == set()


async def test_removing_forgets_everywhere() -> None:
    chain = Memory()
    store = keys(chain)
    await store.set("openai", CANARY, URL)
    assert not (await store.remove("openai", URL)).configured
    assert chain.passwords == {}
    assert store.find("openai", URL) is None
    await store.remove("openai", URL)


async def test_a_short_key_gives_no_hint() -> None:
    store = keys(Memory())
    assert (await store.set("openai", "short-key", URL)).hint is None


async def test_what_others_left_under_our_name_is_not_taken_for_a_key() -> None:
    chain = Memory()
    chain.passwords = {"a": "not json", "b": "[1]", "c": "{}", "d": '"text"'}
    store = keys(chain)
    await store.load(dict.fromkeys("abcd", URL))
    assert store.secrets() == set()


PLUGIN = """
import pathlib
pathlib.Path(__file__).with_suffix(".loaded").touch()
"""


def test_only_backends_that_keep_secrets_are_imported(tmp_path: Path) -> None:
    # keyrings.alt has such a plug-in. Its backend for plain text has the highest priority.
    about = tmp_path / "plain-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plain\nVersion: 1\n", "utf-8")
    (about / "entry_points.txt").write_text("[keyring.backends]\nplain = plain\n", "utf-8")
    (tmp_path / "plain.py").write_text(PLUGIN, "utf-8")
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    own_import = "import shell.providers.keys; shell.providers.keys.system_keychain()"
    keyring_import = "import keyring.backend; keyring.backend.get_all_keyring()"
    for run, is_loaded in ((keyring_import, True), (own_import, False)):
        (tmp_path / "plain.loaded").unlink(missing_ok=True)
        subprocess.run([sys.executable, "-c", run], env=env, check=True)
        assert (tmp_path / "plain.loaded").exists() == is_loaded, run


def test_the_best_backend_that_works_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = []
    for number, name in enumerate(BACKENDS.get(sys.platform, FREE_DESKTOPS)):
        kind = type("Keyring", (Memory,), {"priority": number, "viable": True})
        monkeypatch.setattr(name, kind)
        kinds.append(kind)
    while kinds:
        assert isinstance(system_keychain(), kinds[-1])
        monkeypatch.setattr(kinds.pop(), "viable", False)
    assert system_keychain() is None

"""Every page has the present model of new chats, whoever changed it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shell.app.host import Host
from shell.contract import CONTRACT_VERSION
from tests.store.test_namespace import Page

pytestmark = pytest.mark.anyio
ADDED = {
    "id": "added",
    "kind": "openai-compatible",
    "base_url": "http://127.0.0.1:9/v1",
    "default_model": "model-a",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def pages_of(
    data: Path, settings: dict[str, object], provider: str | None = None
) -> AsyncIterator[tuple[Page, Page]]:
    """Two windows of a host with an added provider and these settings."""
    (data / "settings.json").write_text(json.dumps(settings), "utf-8")
    added = {"version": 1, "providers": [ADDED]}
    (data / "providers.json").write_text(json.dumps(added), "utf-8")
    host = Host(data, {}, provider, None, lambda: False)
    yield Page(host.door, "window-1"), Page(host.door, "window-2")
    await host.end_runs()
    await host.close()


async def greeted(page: Page) -> str:
    """The provider of new chats that a page begins with."""
    hello = await page.fields("shell.hello", {"version": CONTRACT_VERSION})
    defaults = hello["defaults"]
    assert isinstance(defaults, dict)
    return str(defaults["providerId"])


async def test_a_chosen_default_reaches_every_page_before_the_reply(tmp_path: Path) -> None:
    async with pages_of(tmp_path, {"defaultProvider": "added"}) as (page, other):
        assert [await greeted(page), await greeted(other)] == ["added", "added"]
        await page.call("settings.update", {"defaultProvider": "echo", "defaultModel": "echo-1"})
        chosen = {"providerId": "echo", "modelId": "echo-1"}
        assert page.topics["defaults", ""] == chosen
        assert await other.topic("defaults", bool) == chosen
        await page.call("settings.update", {"defaultProvider": None, "defaultModel": None})
        await other.topic("defaults", lambda value: value["providerId"] == "local")
        assert await greeted(other) == "local"


async def test_a_default_provider_that_is_removed_is_replaced_and_comes_back(
    tmp_path: Path,
) -> None:
    async with pages_of(tmp_path, {"defaultProvider": "added"}) as (page, other):
        assert await greeted(other) == "added"
        await page.call("providers.remove", "added")
        await other.topic("defaults", lambda value: value and value["providerId"] == "local")
        await page.call("providers.restore", "added")
        await other.topic("defaults", lambda value: value["providerId"] == "added")


async def test_a_provider_of_the_command_line_can_be_removed(tmp_path: Path) -> None:
    async with pages_of(tmp_path, {}, "added") as (page, other):
        assert await greeted(page) == "added"
        await page.call("providers.remove", "added")
        assert await greeted(other) == "local"


async def test_without_the_provider_of_the_command_line_the_chosen_default_counts(
    tmp_path: Path,
) -> None:
    chosen: dict[str, object] = {"defaultProvider": "echo", "defaultModel": "echo-1"}
    async with pages_of(tmp_path, chosen, "added") as (page, other):
        await page.call("providers.remove", "added")
        assert await greeted(other) == "echo"

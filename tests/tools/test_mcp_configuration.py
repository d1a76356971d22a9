"""The file of MCP servers: what a person wrote by hand, and what the program changes in it."""

import json
from pathlib import Path

import pytest

from shell.errors import ValidationFailed
from shell.tools.mcp.configuration import FILE, IN_KEYCHAIN, ServersFile, ServerSpec

NODE = {"command": "node"}


def write(folder: Path, content: object) -> None:
    (folder / FILE).write_text(json.dumps(content), "utf-8")


def read(folder: Path) -> object:
    return json.loads((folder / FILE).read_bytes())


def test_a_server_is_removed_by_the_name_that_lists_show(tmp_path: Path) -> None:
    write(tmp_path, {"mcpServers": {"my server": NODE, "other": NODE}})
    file = ServersFile(tmp_path)
    assert list(file.servers()) == ["my-server", "other"]
    file.remove("my-server")
    assert list(file.servers()) == ["other"]
    assert read(tmp_path) == {"mcpServers": {"other": NODE}}


def test_a_server_that_another_process_has_added_is_not_replaced(tmp_path: Path) -> None:
    file = ServersFile(tmp_path)
    assert file.servers() == {}
    write(tmp_path, {"mcpServers": {"my server": NODE}})
    with pytest.raises(ValidationFailed, match="already"):
        file.add("my-server", ServerSpec(command="python"))
    assert read(tmp_path) == {"mcpServers": {"my server": NODE}}


@pytest.mark.parametrize("key", ["mcpServers", "servers"])
def test_a_change_leaves_the_other_servers_and_settings_of_the_file(
    tmp_path: Path, key: str
) -> None:
    write(tmp_path, {"inputs": [1], key: {"mine": NODE}})
    file = ServersFile(tmp_path)
    file.add("new", ServerSpec(command="python"))
    assert list(file.servers()) == ["mine", "new"]
    file.remove("new")
    assert read(tmp_path) == {"inputs": [1], key: {"mine": NODE}}


def test_servers_return_after_a_moment_without_access_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"mcpServers": {"mine": NODE}})
    file = ServersFile(tmp_path)
    assert list(file.servers()) == ["mine"]

    def fail(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", fail)
        assert file.servers() == {}
        assert "cannot be read" in file.problems[FILE]
    assert list(file.servers()) == ["mine"]
    assert file.problems == {}


@pytest.mark.parametrize(
    ("value", "is_secret"),
    [
        ("${TOKEN}", False),
        ("Bearer ${TOKEN}", False),
        ("Bearer abc", True),
        ("a-secret-${SUFFIX}", True),
        ("two words ${TOKEN}", True),
    ],
)
def test_a_value_from_the_environment_stays_in_the_file(value: str, is_secret: bool) -> None:
    spec = ServerSpec(url="https://tide.example/mcp", headers={"Authorization": value})
    assert (spec.secret_values == {"Authorization": value}) is is_secret
    shown = spec.with_placeholders().headers["Authorization"]
    assert shown == (IN_KEYCHAIN if is_secret else value)

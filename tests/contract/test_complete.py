"""Finds additions that were made in one place and forgotten in another."""

import ast
import re
from dataclasses import replace
from typing import get_args

import pytest

from devtools.contract_ts import NAMESPACES
from shell.bridge.signatures import check_signatures
from shell.cli.commands import COMMANDS
from shell.cli.grammar import Argument, Command, Group
from shell.contract import AnyEvent
from shell.contract.events import Event
from shell.contract.providers import AddedKind
from shell.contract.wire import WireApi
from shell.providers import registry, request_code
from shell.providers.http.endpoint import Endpoint
from shell.providers.presets import PRESETS
from shell.tools.mcp.servers import RESERVED
from tests.host_process import ROOT
from tests.providers.scenes import APIS

KINDS = get_args(AddedKind)


def calls_in_the_host() -> list[ast.Call]:
    return [
        call
        for path in (ROOT / "shell").rglob("*.py")
        if "contract" not in path.parts
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
    ]


def test_a_page_can_call_every_class_of_the_contract() -> None:
    tree = ast.parse((ROOT / "shell" / "app" / "host.py").read_text("utf-8"))
    (door,) = [
        call
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Door"
    ]
    given = [
        *door.args,
        *(keyword.value for keyword in door.keywords if keyword.arg == "lazy"),
    ]
    found = {
        key.value
        for argument in given
        if isinstance(argument, ast.Dict)
        for key in argument.keys
        if isinstance(key, ast.Constant)
    }
    assert found == set(NAMESPACES)


def test_a_page_can_call_every_method() -> None:
    check_signatures({name: object.__new__(cls) for name, cls in NAMESPACES.items()})


@pytest.mark.parametrize("event", get_args(get_args(AnyEvent)[0]))
def test_the_host_makes_every_event(event: type) -> None:
    made = {call.func.id for call in calls_in_the_host() if isinstance(call.func, ast.Name)}
    assert event.__name__ in made


@pytest.mark.parametrize("event", get_args(get_args(AnyEvent)[0]))
def test_a_recorded_stream_has_every_event(event: type[Event]) -> None:
    streams = (ROOT / "tests" / "streams").glob("*.jsonl")
    assert any(
        f'"{event.model_fields["channel"].default}"' in path.read_text("utf-8") for path in streams
    )


# --- kinds of providers ---------------------------------------------------------------------


def test_the_command_line_adds_every_kind() -> None:
    def arguments(commands: tuple[Command | Group, ...]) -> list[Argument]:
        return [
            argument
            for command in commands
            for argument in (
                arguments(tuple(command.commands))
                if isinstance(command, Group)
                else command.arguments
            )
        ]

    (kind,) = [argument for argument in arguments(tuple(COMMANDS)) if argument.flag == "--kind"]
    assert kind.options["choices"] == KINDS


def test_the_settings_add_every_kind_of_server() -> None:
    form = ROOT / "web" / "src" / "features" / "settings" / "providers" / "ServerForm.tsx"
    (line,) = re.findall(r"^const KINDS = \[(.*)\]", form.read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r'"([^"]+)"', line)) == {*KINDS} - {"gguf"}


def test_every_kind_of_server_has_its_api() -> None:
    apis = [registry._api(kind).name for kind in KINDS if kind != "gguf"]
    assert sorted(apis) == sorted(get_args(WireApi))


def test_every_api_is_tried_with_faults_and_copied_as_python() -> None:
    for known in (request_code._CALLS, request_code._KNOWN, {api.api.name for api in APIS}):
        assert set(known) == set(get_args(WireApi))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_can_be_added_as_it_is(preset: Endpoint) -> None:
    assert preset.id not in registry._BUILT_IN
    assert re.fullmatch(r"[a-z0-9-]+", preset.id)
    assert not preset.base_url.endswith("/")
    replace(preset, key_required=False).check()
    assert preset.on_this_machine == (not preset.key_required)


def test_no_server_takes_the_name_of_a_tool_that_ships() -> None:
    shipped = [*(ROOT / "shell" / "tools" / "shipped").glob("[a-z]*.py")]
    assert {path.stem for path in shipped} <= RESERVED
    table = (ROOT / "docs" / "tools.md").read_text("utf-8")
    for path in shipped:
        names = re.findall(r"^@tool.*\n(?:async )?def (\w+)", path.read_text("utf-8"), re.MULTILINE)
        assert names, f"{path.name} has no tool"
        assert [name for name in names if f"| `{name}` |" not in table] == []

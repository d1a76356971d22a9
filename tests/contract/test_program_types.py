"""The types that a program's page gets: they compile, and say what crosses the bridge."""

import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from devtools.processes import Children
from devtools.setup import Setup
from shell.bridge.caller import Caller
from shell.program.types import WrongTypes, render
from tests.host_process import ROOT

CONTEXT = """
import type { Call } from "tidewire";
import { type Client, client, type Handlers } from "./contract";
import type * as types from "./contract";
declare const call: Call;
declare const handlers: Handlers;
export const program: Client = client(call);
export const sea = program.sea;
void handlers;
"""


def compiled(folder: Path, namespace: object, use: str = "") -> str:
    """What TypeScript says of the types of a program, and of a page that uses them."""
    (folder / "contract.ts").write_text(render({"sea": namespace}), "utf-8")
    (folder / "page.ts").write_text(CONTEXT + use, "utf-8")
    options = {"paths": {"tidewire": [str(ROOT / "web/src/library.ts")]}, "noUnusedLocals": False}
    options["typeRoots"] = [str(ROOT / "node_modules/@types")]
    config = {
        "extends": str(ROOT / "web/tsconfig.json"),
        "compilerOptions": {**options, "types": []},
        "include": ["*.ts"],
    }
    (folder / "tsconfig.json").write_text(json.dumps(config), "utf-8")
    setup = Setup(ROOT, Children())
    node, _ = setup.node()
    tsc = [node, str(setup.script("typescript/bin/tsc")), "-p", str(folder), "--noEmit"]
    done = subprocess.run(tsc, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    return done.stdout


class Depth(BaseModel):
    metres: Decimal


class Place(BaseModel):
    """A place with defaults."""

    name: str
    depth: Depth
    salt: float | None = None
    beside: "list[Place]" = []


class Both:
    def echo(self, caller: Caller, params: Place) -> Place:
        """The same place."""
        return params


def test_a_model_with_defaults_is_both_parameter_and_result(tmp_path: Path) -> None:
    use = """
    export const depth: types.DepthInput = { metres: 2 };
    export const found: types.Place = await sea.echo({ name: "reef", depth });
    export const salt: number | null = found.salt;
    export const metres: string = found.depth.metres;
    export const again: Promise<types.Place> = sea.echo(found);
    """
    assert compiled(tmp_path, Both(), use) == ""
    wrong = "export const depth: types.Depth = { metres: 2 };"
    assert "Type 'number' is not assignable to type 'string'" in compiled(tmp_path, Both(), wrong)


def test_a_model_that_looks_the_same_both_ways_is_one_type() -> None:
    class Reef(BaseModel):
        name: str

    class Same:
        def echo(self, caller: Caller, params: Reef) -> Reef: ...  # type: ignore[empty-body]

    text = render({"sea": Same()})
    assert text.count("export interface Reef {") == 1
    assert "Input" not in text


def test_two_models_of_one_name_are_refused_with_both_modules_and_methods() -> None:
    one = type("Reef", (BaseModel,), {"__annotations__": {"name": str}, "__module__": "north"})
    two = type("Reef", (BaseModel,), {"__annotations__": {"depth": int}, "__module__": "south"})

    class Two:
        def first(self, caller: Caller) -> one: ...  # type: ignore[valid-type]

        def second(self, caller: Caller) -> two: ...  # type: ignore[valid-type]

    with pytest.raises(WrongTypes) as refused:
        render({"sea": Two()})
    said = "Reef would be both north.Reef (in sea.first) and south.Reef (in sea.second)"
    assert str(refused.value) == f"{said}: rename one of them"


def test_a_model_without_a_form_in_json_is_refused_with_its_method_and_field() -> None:
    class Bell(BaseModel):
        ring: Callable[[], None]

    class Buoy(BaseModel):
        bells: list[Bell]

    class Sea:
        def buoy(self, caller: Caller, params: int) -> Buoy: ...  # type: ignore[empty-body]

    with pytest.raises(WrongTypes, match=r"sea\.buoy: Buoy\.bells\.Bell\.ring has no form"):
        render({"sea": Sea()})

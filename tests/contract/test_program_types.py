"""The types for the page of a program: they compile, and match what crosses the bridge."""

import json
import re
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

import pytest
from pydantic import BaseModel, Field, create_model

from devtools.processes import Children
from devtools.setup import Setup
from shell.bridge.caller import Caller
from shell.bridge.stream import Stream
from tests.host_process import ROOT
from tidewire_bridge.program.types import RESERVED, WrongTypes, render

T = TypeVar("T")
CONTEXT = """
import type { Call, Host } from "tidewire";
import { type Client, client, type Handlers } from "./contract";
import type * as types from "./contract";
declare const call: Call;
declare const host: Host;
declare const handlers: Handlers;
export const program: Client = client(call);
export const sea = program.sea;
void [handlers, host];
"""


def compile_types(folder: Path, namespace: object, use: str = "") -> str:
    """Return TypeScript's errors for the types of a program and for a page that uses them."""
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
    assert compile_types(tmp_path, Both(), use) == ""
    wrong = "export const depth: types.Depth = { metres: 2 };"
    assert "Type 'number' is not assignable to type 'string'" in compile_types(
        tmp_path, Both(), wrong
    )


def test_a_model_that_looks_the_same_both_ways_is_one_type() -> None:
    class Reef(BaseModel):
        name: str

    class Same:
        def echo(self, caller: Caller, params: Reef) -> Reef: ...  # type: ignore[empty-body]

    text = render({"sea": Same()})
    assert text.count("export interface Reef {") == 1
    assert "Input" not in text


def test_two_models_of_one_name_are_refused_with_both_modules_and_methods() -> None:
    north = type("Reef", (BaseModel,), {"__annotations__": {"name": str}, "__module__": "north"})
    south = type("Reef", (BaseModel,), {"__annotations__": {"depth": int}, "__module__": "south"})

    class Two:
        def first(self, caller: Caller) -> north: ...  # type: ignore[valid-type]

        def second(self, caller: Caller) -> south: ...  # type: ignore[valid-type]

    with pytest.raises(WrongTypes) as refused:
        render({"sea": Two()})
    conflict = "Reef would be both north.Reef (in sea.first) and south.Reef (in sea.second)"
    assert str(refused.value) == f"{conflict}: rename one of them"


def test_a_model_without_a_form_in_json_is_refused_with_its_method_and_field() -> None:
    class Bell(BaseModel):
        ring: Callable[[], None]

    class Buoy(BaseModel):
        bells: list[Bell]

    class Sea:
        def buoy(self, caller: Caller, params: int) -> Buoy: ...  # type: ignore[empty-body]

    with pytest.raises(WrongTypes, match=r"sea\.buoy: Buoy\.bells\.Bell\.ring has no form"):
        render({"sea": Sea()})


class Page(BaseModel, Generic[T]):
    """Written */ alert("!") /* as it is."""

    items: list[T]


class Generics:
    def numbers(self, caller: Caller) -> Page[int]:
        """Ends */ early."""
        return Page(items=[1])

    def names(self, caller: Caller) -> Page[list[str | None]]: ...  # type: ignore[empty-body]

    def places(self, caller: Caller) -> Page[Place]: ...  # type: ignore[empty-body]


def test_generic_models_and_any_docstring_give_types_that_compile(tmp_path: Path) -> None:
    use = """
    export const numbers: types.PageInt = await sea.numbers();
    export const names: Promise<{ items: (string | null)[][] }> = sea.names();
    export const places: types.PagePlace = await sea.places();
    """
    assert compile_types(tmp_path, Generics(), use) == ""


@pytest.mark.parametrize("name", ["Call", "Record", "StreamId", "Array", "Client", "string"])
def test_a_model_with_a_name_of_the_types_themselves_is_refused(name: str) -> None:
    model = create_model(name, __module__="app", metres=(int, ...))

    class Sea:
        def level(self, caller: Caller) -> list[model]: ...  # type: ignore[valid-type, empty-body]

    with pytest.raises(WrongTypes, match=rf"app\.{name} \(in sea\.level\).*rename the model"):
        render({"sea": Sea()})


def test_every_name_that_the_types_use_is_taken() -> None:
    text = render({"sea": Generics()})
    used = re.findall(r"type (\w+) =", text) + re.findall(r"\b[A-Z]\w+(?=<)", text)
    imported = re.findall(r"import type \{ (.*) \}", text)[0].split(", ")
    assert {*used, *imported} <= RESERVED


class Streams:
    def names(self, caller: Caller) -> Stream[str]: ...  # type: ignore[empty-body]

    def places(self, caller: Caller) -> Stream[Place]: ...  # type: ignore[empty-body]


def test_a_stream_of_text_is_followed_and_has_no_items(tmp_path: Path) -> None:
    use = """
    for await (const place of host.items(await sea.places())) place satisfies types.Place;
    for await (const piece of host.follow(await sea.names())) piece satisfies string;
    const id: string = await host.call("sea.places");
    for await (const place of host.items<types.Place>(id)) place.name satisfies string;
    """
    assert compile_types(tmp_path, Streams(), use) == ""
    wrong = compile_types(tmp_path, Streams(), "host.items(await sea.names());")
    assert "'StreamId<string>' is not assignable to parameter of type 'StreamId<object>'" in wrong


class Parameters:
    def rise(self, caller: Caller, by_metres: float) -> None: ...

    def sink(self, caller: Caller, function: int) -> None: ...

    def ring(self, caller: Caller, call: int = 1) -> None: ...


def test_parameters_have_their_names_where_the_page_can_have_them(tmp_path: Path) -> None:
    assert compile_types(tmp_path, Parameters(), "await sea.rise(1.5); await sea.ring();") == ""
    text = render({"sea": Parameters()})
    assert 'rise: (byMetres: number) => call<null>("sea.rise", byMetres),' in text
    assert 'sink: (params: number) => call<null>("sea.sink", params),' in text
    assert 'ring: (params?: number) => call<null>("sea.ring", params),' in text


def test_models_have_their_docstrings() -> None:
    assert "/** A place with defaults. */\nexport interface Place {" in render({"sea": Both()})


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    radius: float


class Square(BaseModel):
    kind: Literal["square"] = "square"
    side: float


Shape = Annotated[Circle | Square, Field(discriminator="kind")]


class Shapes:
    def area(self, caller: Caller, shape: Shape) -> Square: ...  # type: ignore[empty-body]


def test_a_constant_that_tells_models_apart_is_required_and_no_second_type(tmp_path: Path) -> None:
    assert compile_types(tmp_path, Shapes(), 'await sea.area({ kind: "square", side: 2 });') == ""
    assert "Input" not in (tmp_path / "contract.ts").read_text("utf-8")
    assert "TS2345" in compile_types(tmp_path, Shapes(), "await sea.area({ side: 2 });")

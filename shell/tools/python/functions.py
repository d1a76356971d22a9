"""Finds the functions of a tool file and describes them.

Runs in the child process of the file, and for a shipped file in the host.
"""

import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import docstring_parser
from pydantic import ConfigDict, Field, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shell.tools.decorator import FLAGS

MAX_DESCRIPTION = 4_000


class FoundFunction:
    """A public function of a tool file."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function
        self.name = function.__name__
        self.doc = docstring_parser.parse(inspect.getdoc(function) or "")
        self.problem: str | None = None
        self._adapter: TypeAdapter[Any] | None = None
        self.schema: dict[str, object] = {}
        try:
            self._adapter = TypeAdapter(self._model())
            self.schema = self._adapter.json_schema(schema_generator=_SchemaGenerator)
        except Exception as error:
            self.problem = str(error).splitlines()[0][:500] or type(error).__name__

    def describe(self) -> dict[str, object]:
        """Describe the function for the host."""
        reads, brings, sends = getattr(self.function, FLAGS, (True, True, True))
        text = "\n\n".join(t for t in (self.doc.short_description, self.doc.long_description) if t)
        return {
            "name": self.name,
            "description": text[:MAX_DESCRIPTION],
            "parameters": self.schema,
            "reads": bool(reads),
            "brings": bool(brings),
            "sends": bool(sends),
            "problem": self.problem,
        }

    def arguments(self, given: dict[str, object]) -> dict[str, object]:
        """Convert arguments to the function's types.

        Raises:
            ValueError: they are not valid.
        """
        if self._adapter is None:
            raise ValueError(self.problem)
        model = self._adapter.validate_python(given)
        return {name: getattr(model, name) for name in type(model).model_fields}

    def _model(self) -> type:
        """Make a model with one field for each parameter.

        Raises:
            ValueError: a parameter cannot be described. The text says what to change.
        """
        descriptions = {p.arg_name: p.description for p in self.doc.params if p.description}
        hints = inspect.get_annotations(self.function, eval_str=True)
        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise ValueError(f"It takes *{name}: name every argument.")
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise ValueError(f"{name} can be given only by position: remove the '/'.")
            if name not in hints:
                raise ValueError(f"{name} has no type: write for example '{name}: str'.")
            if name.startswith("_"):
                raise ValueError(f"{name} begins with an underscore: rename it.")
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[name] = (hints[name], Field(default, description=descriptions.get(name)))
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
        model: type = create_model(self.name, __config__=config, **fields)
        return model


class _SchemaGenerator(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes from names, which repeat what a model knows, and
    the defaults that JSON does not have.
    """

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        try:
            json.dumps(described.get("default"), allow_nan=False)
        except ValueError:  # NaN or Infinity
            del described["default"]
        return described


class _Source(SourceFileLoader):
    """Always compiles the source, because verdicts hold for its text. Cached bytecode may belong to
    another text with the same time and length, or to a stranger.
    """

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def load(path: Path) -> ModuleType:
    """Import a tool file.

    Raises:
        Exception: any error that the file raises.
    """
    name = f"tidewire_tools_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks types up here
    spec.loader.exec_module(module)
    return module


def functions_of(module: ModuleType) -> Iterator[FoundFunction]:
    """Find the public functions that a module defines itself, in its order."""
    for name, value in vars(module).items():
        is_own = inspect.isfunction(value) and value.__module__ == module.__name__
        if is_own and not name.startswith("_"):
            yield FoundFunction(value)

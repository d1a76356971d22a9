"""Reads the front matter of a template: YAML between two lines of three dashes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shell.contract import Effort, FormField, FormOption, TemplateProblem, ToolNames
from shell.errors import ValidationFailed
from shell.forms import check_values

MAX_HEAD_CHARACTERS = 64_000
MAX_INPUTS = 50
_FENCE = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.S | re.M)
INPUT_NAME = re.compile(r"[^\W\d_]\w{0,99}")
_INPUT_KEYS = {
    *("type", "title", "description", "required", "default", "minimum", "maximum", "min_length"),
    *("max_length", "pattern", "format", "options", "multiple", "fence"),
}
_KEYS = ("name", "description", "model", "effort", "tools", "inputs")


@dataclass(frozen=True, slots=True)
class Head:
    """What the front matter of a template says."""

    title: str | None = None
    description: str = ""
    model: str | None = None
    effort: Effort | None = None
    tools: Any = None
    inputs: list[FormField] = field(default_factory=list)
    unfenced: frozenset[str] = frozenset()
    """The inputs with several lines that stand in the text as they are."""


class BadHead(Exception):
    """The front matter is wrong."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.problem = TemplateProblem(message=message, line=line, column=column)


def split(text: str) -> tuple[str, str, int]:
    """The front matter, the body, and how many lines stand before the body."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _FENCE.match(text)
    if found is None:
        return "", text, 0
    return found[1], text[found.end() :], text.count("\n", 0, found.end())


def read_head(head: str) -> Head:
    """Read the front matter.

    Raises:
        BadHead: with the line and the column in the file.
    """
    root, lines = read_yaml(head, before=1)
    if root is None:
        return Head()
    if not isinstance(root, dict):
        raise BadHead("The front matter has to be fields such as 'name: Review'.", 2, 1)
    for key in root:
        if key not in _KEYS:
            text = f"The front matter has no field {str(key)[:60]!r}. It has {', '.join(_KEYS)}."
            raise BadHead(text, *lines.get((key,), (None, None)))
    texts = {}
    for key in ("name", "description", "model"):
        value = root.get(key)
        if value is not None and not (isinstance(value, str) and len(value) <= 1_000):
            raise BadHead(f"{key!r} has to be a short text.", *lines[key,])
        texts[key] = value
    inputs, unfenced = _inputs(root.get("inputs"), lines)
    return Head(
        title=texts["name"],
        description=texts["description"] or "",
        model=texts["model"],
        effort=_checked(Effort, root, "effort", lines),
        tools=_checked(ToolNames, root, "tools", lines),
        inputs=inputs,
        unfenced=frozenset(unfenced),
    )


Lines = Mapping[tuple[Any, ...], tuple[int, int]]


def read_yaml(text: str, before: int = 0) -> tuple[Any, Lines]:
    """Plain values of YAML, and where each of them stands. `yes` and dates are texts.

    Args:
        text: the YAML.
        before: how many lines of the file stand before it.

    Raises:
        BadHead: with the line and the column.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML without aliases, which could make gigabytes out of a few lines."""

        yaml_implicit_resolvers: Any = {}  # noqa: RUF012

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise yaml.MarkedYAMLError(problem="Aliases are not allowed", problem_mark=mark)
            return super().compose_node(parent, index)

    for tag, pattern, first in (
        ("bool", r"true|false|True|False", "tfTF"),
        ("null", r"~|null|Null|", ["~", "n", "N", ""]),
        ("int", r"[-+]?\d{1,18}", "-+0123456789"),
        ("float", r"[-+]?\d{1,30}\.\d{0,30}(?:e[-+]?\d{1,2})?", "-+0123456789"),
    ):
        Loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first
        )
    if len(text) > MAX_HEAD_CHARACTERS:
        raise BadHead(f"The YAML is longer than {MAX_HEAD_CHARACTERS:,} characters.", before or 1)
    lines: dict[tuple[Any, ...], tuple[int, int]] = {}

    def plain(node: Any, path: tuple[Any, ...]) -> Any:
        lines[path] = (node.start_mark.line + 1 + before, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            made: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = plain(key_node, (*path, None))
                if not isinstance(key, str | int | float | bool) or key in made:
                    raise BadHead(
                        "A field is there twice, or its name is no text.", *lines[(*path, None)]
                    )
                made[key] = plain(value_node, (*path, key))
                lines[(*path, key)] = lines[(*path, None)]
            return made
        if isinstance(node, yaml.SequenceNode):
            return [plain(each, (*path, place)) for place, each in enumerate(node.value)]
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        value = node.value
        if kind == "null":
            return None
        if kind == "bool":
            return value.lower() == "true"
        if kind in ("int", "float"):
            return int(value) if kind == "int" else float(value)
        if kind != "str":
            raise BadHead(f"The YAML has a tag that is not allowed: {node.tag[:60]}", *lines[path])
        return value

    loader = None
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        return (None if node is None else plain(node, ())), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (None, None) if mark is None else (mark.line + 1 + before, mark.column + 1)
        raise BadHead(f"This is no YAML: {error.problem or error.context}.", *place) from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadHead(f"This is no YAML: {' '.join(str(error).split())[:200]}.") from None
    except RecursionError:
        raise BadHead("The YAML is nested too deeply.") from None
    finally:
        if loader is not None:
            loader.dispose()


def _checked(kind: Any, root: Mapping[Any, Any], key: str, lines: Lines) -> Any:
    value = root.get(key)
    if value is None:
        return None
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        text = error.errors(include_url=False)[0]["msg"]
        raise BadHead(f"{key!r} is wrong: {text[:200]}.", *lines[key,]) from None


def _inputs(given: Any, lines: Lines) -> tuple[list[FormField], list[str]]:
    """The fields of the form, and the names of those that are not fenced."""
    if given is None:
        return [], []
    if not isinstance(given, dict) or len(given) > MAX_INPUTS:
        text = f"'inputs' has to name at most {MAX_INPUTS} inputs, as in 'topic: string'."
        raise BadHead(text, *lines["inputs",])
    fields, unfenced = [], []
    for name, told in given.items():
        place = lines["inputs", name]
        if not isinstance(name, str) or not INPUT_NAME.fullmatch(name):
            raise BadHead(
                f"{str(name)[:60]!r} is no name for an input: letters, digits, _.", *place
            )
        about = {"type": told or "string"} if told is None or isinstance(told, str) else told
        if not isinstance(about, dict):
            raise BadHead(f"{name!r} has to be a type or fields such as 'type: text'.", *place)
        for key in about:
            if key not in _INPUT_KEYS:
                text = f"An input has no field {str(key)[:60]!r}."
                raise BadHead(text, *lines["inputs", name, key])
        fields.append(_field(name, about, place))
        if about.get("fence") is False:
            unfenced.append(name)
    return fields, unfenced


def _field(name: str, about: Mapping[str, Any], place: tuple[int, int]) -> FormField:
    made = {"type": "string", **about, "name": name}
    made.pop("fence", None)
    try:
        if "options" in made:
            made["options"] = [
                FormOption.model_validate(each if isinstance(each, dict) else {"value": str(each)})
                for each in made["options"]
            ]
        found = FormField.model_validate(made)
        if found.type == "enum" and not found.options:
            raise BadHead(f"The enum {name!r} needs 'options'.", *place)
        if found.default is not None:
            check_values([found], {name: found.default})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(each) for each in first["loc"])
        raise BadHead(
            f"The input {name!r} is wrong: {where}: {first['msg'][:200]}.", *place
        ) from None
    except ValidationFailed as error:
        raise BadHead(f"The default is wrong: {error}", *place) from None
    except TypeError:
        raise BadHead(f"The 'options' of {name!r} have to be a list.", *place) from None
    return found

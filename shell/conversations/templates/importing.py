"""Turns the prompt files of other programs into templates."""

import json
import re
from collections.abc import Mapping
from typing import Any

from shell.conversations.templates.front_matter import BadHead, read_yaml, split
from shell.errors import ValidationFailed

MAX_IMPORTED = 200
_DOLLAR = re.compile(r"\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_BRACES = re.compile(r"\{\{\s*([^\W\d_][\w .-]{0,80}?)\s*\}\}")
_ROLE = re.compile(r"^(system|user|assistant)[ \t]*:[ \t]*$", re.M)


def convert(file: str, text: str) -> list[tuple[str, str]]:
    """The names and texts of the templates in a file.

    Understands templates of this program, of `llm` (YAML with `$variable`), Prompty files, texts
    with `{{variable}}`, and JSON with the titles and texts of such prompts.

    Raises:
        ValidationFailed: the file has none.
    """
    stem, _, suffix = file.rpartition(".")
    stem = stem or file
    try:
        if suffix in ("yaml", "yml"):
            return [(_name(stem), _of_llm(read_yaml(text)[0]))]
        if suffix == "json":
            return _of_json(json.loads(text), stem)
        head, body, _ = split(text)
        if suffix == "prompty":
            return [(_name(stem), _of_prompty(read_yaml(head)[0], body))]
    except (BadHead, ValueError, RecursionError) as error:
        raise _wrong(f"{file} cannot be read: {error}") from None
    return [(_name(stem), text if head else _of_braces(body))]


def _of_llm(root: Any) -> str:
    """A template of `llm`, which is a text or has a prompt, a system prompt and defaults."""
    if isinstance(root, str):
        root = {"prompt": root}
    texts = ("prompt", "system")
    if not isinstance(root, dict) or not any(isinstance(root.get(key), str) for key in texts):
        raise _wrong("This YAML has no 'prompt' and no 'system'.")
    told = root.get("defaults")
    defaults: dict[str, object] = told if isinstance(told, dict) else {}
    used: dict[str, None] = {}

    def variable(found: re.Match[str]) -> str:
        name = found[2] or found[3]
        if name is None:
            return "$"
        used[_variable(name)] = None
        return "{{ " + _variable(name) + " }}"

    said = {key: _DOLLAR.sub(variable, _inert(str(root.get(key) or ""))) for key in texts}
    if not said["prompt"].strip():
        used["input"] = None  # `llm` then sends what the person types
        said["prompt"] = "{{ input }}"
    inputs: dict[str, object] = {}
    for name in used:
        about: dict[str, object] = {"type": "text" if name == "input" else "string"}
        if name == "input":
            about |= {"required": True, "fence": False}
        if (default := defaults.get(name)) is not None:
            about["default"] = str(default)
        inputs[name] = about
    head = {"model": root.get("model"), "inputs": inputs or None}
    return _with_head(head, _sections(said["system"], said["prompt"]))


def _of_prompty(root: Any, body: str) -> str:
    """A file of Prompty, whose roles stand on lines of their own."""
    told = root if isinstance(root, dict) else {}
    pieces = _ROLE.split(body)
    said: dict[str, list[str]] = {"system": [], "user": [pieces[0]], "assistant": []}
    for role, text in zip(pieces[1::2], pieces[2::2], strict=True):
        said[role].append(text.strip())
    head = {key: told.get(key) for key in ("name", "description")}
    system, user = ("\n\n".join(filter(None, said[key])) for key in ("system", "user"))
    return _with_head(head, _sections(system, user))


def _of_json(root: Any, stem: str) -> list[tuple[str, str]]:
    found = []
    listed = root if isinstance(root, list) else [root]
    for number, each in enumerate(listed[:MAX_IMPORTED]):
        if not isinstance(each, dict):
            continue
        text = _first_text(each, "content", "prompt", "template", "text")
        if text is None:
            continue
        title = _first_text(each, "command", "name", "title")
        if title is None:
            title = f"{stem} {number + 1}"
        shown = each.get("title") or each.get("name")
        head = {"name": shown, "description": each.get("description")}
        found.append((_name(title), _with_head(head, _of_braces(text))))
    if not found:
        raise _wrong("This JSON has no prompts: objects with a 'title' and a 'content'.")
    return found


def _first_text(about: Mapping[str, Any], *keys: str) -> str | None:
    return next((about[key] for key in keys if isinstance(about.get(key), str)), None)


def _of_braces(text: str) -> str:
    """Keep `{{variable}}`, and make everything else that Jinja would read a text."""
    parts = _BRACES.split(text)
    for place, part in enumerate(parts):
        parts[place] = "{{ " + _variable(part) + " }}" if place % 2 else _inert(part)
    return "".join(parts)


def _inert(text: str) -> str:
    """A text that Jinja writes as it is."""
    return re.sub(r"\{[{%#]", lambda found: "{{ '" + found[0] + "' }}", text)


def _sections(system: str, user: str) -> str:
    before = f"{{% system %}}\n{system.strip()}\n{{% endsystem %}}\n\n" if system.strip() else ""
    return f"{before}{user.strip()}\n"


def _with_head(head: Mapping[str, object], body: str) -> str:
    import yaml

    told = {}
    for key, value in head.items():
        if value:
            told[key] = " ".join(value.split())[:500] if isinstance(value, str) else value
    if not told:
        return body
    written = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
    return f"---\n{written}---\n{body}"


def _variable(name: str) -> str:
    made = re.sub(r"\W", "_", name.strip()).lstrip("_0123456789")
    return made or "value"


def _name(text: str) -> str:
    made = re.sub(r"[^\w-]+", "-", text.strip().lstrip("/")).strip("-_")
    return made[:60] or "imported"


def _wrong(text: str) -> ValidationFailed:
    return ValidationFailed([("file", text)])

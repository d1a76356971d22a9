"""Turns the prompt files of other programs into templates."""

import json
import re
from collections.abc import Mapping
from typing import Any

from shell.conversations.templates.front_matter import HeadError, read_yaml, split
from shell.errors import ValidationFailed
from shell.support.text import cut, file_name

MAX_IMPORTED = 200
MAX_NAME_CHARACTERS = 60
_DOLLAR = re.compile(r"\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_BRACES = re.compile(r"\{\{\s*([^\W\d_][\w .-]{0,80}?)\s*\}\}")
_ROLE = re.compile(r"^(system|user|assistant)[ \t]*:[ \t]*$", re.M)


def convert(file: str, text: str) -> list[tuple[str, str]]:
    """The names and texts of the templates in a file.

    Understands templates of this program, of `llm` (YAML with `$variable`), Prompty files, texts
    with `{{variable}}`, and JSON with the titles and texts of such prompts.

    Raises:
        ValidationFailed: the file has no templates.
    """
    stem, _, suffix = file.rpartition(".")
    stem = stem or file
    try:
        if suffix in ("yaml", "yml"):
            return [(_template_name(stem), _of_llm(read_yaml(text)[0]))]
        if suffix == "json":
            return _of_json(json.loads(text), stem)
        head, body, _ = split(text)
        if suffix == "prompty":
            return [(_template_name(stem), _of_prompty(read_yaml(head)[0], body))]
    except (HeadError, ValueError, RecursionError) as error:
        raise _invalid(f"{file} cannot be read: {error}") from None
    return [(_template_name(stem), text if head else _of_braces(body))]


def _of_llm(root: Any) -> str:
    """Convert a template of `llm`: a text, or a prompt, a system prompt and defaults."""
    if isinstance(root, str):
        root = {"prompt": root}
    texts = ("prompt", "system")
    if not isinstance(root, dict) or not any(isinstance(root.get(key), str) for key in texts):
        raise _invalid("This YAML has no 'prompt' and no 'system'.")
    given = root.get("defaults")
    defaults: dict[str, object] = given if isinstance(given, dict) else {}
    variables: dict[str, None] = {}

    def replace(match: re.Match[str]) -> str:
        name = match[2] or match[3]
        if name is None:
            return "$"
        variables[_variable_name(name)] = None
        return "{{ " + _variable_name(name) + " }}"

    sections = {key: _DOLLAR.sub(replace, _escape_jinja(str(root.get(key) or ""))) for key in texts}
    if not sections["prompt"].strip():
        variables["input"] = None  # `llm` sends the text that the person types
        sections["prompt"] = "{{ input }}"
    inputs: dict[str, object] = {}
    for name in variables:
        properties: dict[str, object] = {"type": "text" if name == "input" else "string"}
        if name == "input":
            properties |= {"required": True, "fence": False}
        if (default := defaults.get(name)) is not None:
            properties["default"] = str(default)
        inputs[name] = properties
    head = {"model": root.get("model"), "inputs": inputs or None}
    return _with_head(head, _sections(sections["system"], sections["prompt"]))


def _of_prompty(root: Any, body: str) -> str:
    """Convert a file of Prompty, with each role on its own line. Leaves out assistant texts."""
    fields = root if isinstance(root, dict) else {}
    pieces = _ROLE.split(body)
    sections: dict[str, list[str]] = {"system": [], "user": [pieces[0]], "assistant": []}
    for role, text in zip(pieces[1::2], pieces[2::2], strict=True):
        sections[role].append(text.strip())
    head = {key: fields.get(key) for key in ("name", "description")}
    system, user = ("\n\n".join(filter(None, sections[key])) for key in ("system", "user"))
    return _with_head(head, _sections(system, user))


def _of_json(root: Any, stem: str) -> list[tuple[str, str]]:
    templates = []
    entries = root if isinstance(root, list) else [root]
    for number, entry in enumerate(entries[:MAX_IMPORTED]):
        if not isinstance(entry, dict):
            continue
        text = _first_text(entry, "content", "prompt", "template", "text")
        if text is None:
            continue
        title = _first_text(entry, "command", "name", "title")
        if title is None:
            title = f"{stem} {number + 1}"
        display_name = entry.get("title") or entry.get("name")
        head = {"name": display_name, "description": entry.get("description")}
        templates.append((_template_name(title), _with_head(head, _of_braces(text))))
    if not templates:
        raise _invalid("This JSON has no prompts: objects with a 'title' and a 'content'.")
    return templates


def _first_text(fields: Mapping[str, Any], *keys: str) -> str | None:
    return next((fields[key] for key in keys if isinstance(fields.get(key), str)), None)


def _of_braces(text: str) -> str:
    """Convert a text with `{{variable}}`, and escape everything else that Jinja would read."""
    parts = _BRACES.split(text)
    for index, part in enumerate(parts):
        parts[index] = "{{ " + _variable_name(part) + " }}" if index % 2 else _escape_jinja(part)
    return "".join(parts)


def _escape_jinja(text: str) -> str:
    """Escape a text so that Jinja writes it unchanged."""
    return re.sub(r"\{[{%#]", lambda found: "{{ '" + found[0] + "' }}", text)


def _sections(system: str, user: str) -> str:
    before = f"{{% system %}}\n{system.strip()}\n{{% endsystem %}}\n\n" if system.strip() else ""
    return f"{before}{user.strip()}\n"


def _with_head(head: Mapping[str, object], body: str) -> str:
    import yaml

    fields = {}
    for key, value in head.items():
        if value:
            fields[key] = " ".join(value.split())[:500] if isinstance(value, str) else value
    if not fields:
        return body
    front_matter = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)
    return f"---\n{front_matter}---\n{body}"


def _variable_name(name: str) -> str:
    variable = re.sub(r"\W", "_", name.strip()).lstrip("_0123456789")
    return variable or "value"


def _template_name(text: str) -> str:
    words = "-".join(text.strip().lstrip("/").split())
    name = file_name(words, replacement="-").strip("-_")
    name = cut(name, len(name[:MAX_NAME_CHARACTERS].encode()))
    return file_name(name) or "imported"


def _invalid(text: str) -> ValidationFailed:
    return ValidationFailed([("file", text)])

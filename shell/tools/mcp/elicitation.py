"""Turns what a server asks for into a form, or refuses it.

A server may ask for flat values only, and not for secrets: what is typed into a form goes to the
server, and nobody can see whether a form is honest.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

from pydantic import JsonValue, ValidationError

from shell.contract import Elicitation, FieldFormat, FormField, FormOption
from shell.support.text import clean

if TYPE_CHECKING:
    from mcp_types import ElicitRequestParams

MAX_FIELDS = 20
MAX_OPTIONS = 100
MAX_CHARACTERS = 16_000
"""Of everything that one question shows."""
_SECRET = re.compile(
    r"\b(pass ?(word|phrase|code|wd)|passwd|pwd|passwort|kennwort|secret|token|credential"
    r"|(api|access|private|auth|secret) ?key|cvv|cvc|otp)s?\b"
)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Refused(Exception):
    """The person is not asked; the text says why, to follow the server's name."""


def elicitation_of(
    params: "ElicitRequestParams", server: str, redacted: Callable[[str], str]
) -> Elicitation:
    """What the person is shown.

    Args:
        params: what the server has sent.
        server: what the server is: its command, or the host of its address.
        redacted: takes out what the server was given to keep.

    Raises:
        Refused: it asks for a secret, for more than a form can have, or to open what may not be.
    """
    given = {
        name: _cleaned(value, redacted)
        for name, value in params.model_dump(mode="json", exclude={"meta"}).items()
    }
    url = None
    fields: list[FormField] = []
    if params.mode == "url":
        url = _address(str(given["url"]))
    else:
        fields = _fields(given["requested_schema"])
    asked = Elicitation(
        id=secrets.token_urlsafe(12),
        server=server,
        message=str(given["message"]),
        fields=fields,
        url=url,
    )
    if len(asked.model_dump_json()) > MAX_CHARACTERS:
        raise Refused("asked for more than a form can show")
    return asked


def _fields(schema: JsonValue) -> list[FormField]:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else None
    required = schema.get("required") or [] if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise Refused("asked with a form that cannot be read")
    if len(properties) > MAX_FIELDS:
        raise Refused(f"asked for more than {MAX_FIELDS} values at once")
    return [_field(name, given, name in required) for name, given in properties.items()]


def _field(name: str, given: JsonValue, required: bool) -> FormField:
    unreadable = Refused(f"asked for {name[:100]!r} in a way that a form cannot show")
    if not isinstance(given, dict):
        raise unreadable
    facts: dict[str, Any] = {"name": name, "required": required}
    facts |= {own: given[theirs] for own, theirs in _FACTS.items() if given.get(theirs) is not None}
    if facts.get("format") not in get_args(FieldFormat):
        facts.pop("format", None)
    kind = given.get("type")
    items = given.get("items")
    if kind == "array" and isinstance(items, dict):
        facts |= {"type": "enum", "multiple": True, "options": _options(items)}
        facts |= {"min_length": given.get("minItems"), "max_length": given.get("maxItems")}
    elif kind == "string":
        options = _options(given)
        facts |= {"type": "enum", "options": options} if options else {"type": "string"}
    elif kind in ("number", "integer", "boolean"):
        facts["type"] = kind
    if kind == "array" and not facts.get("options"):
        raise unreadable
    if facts.get("type") in ("string", "number", "integer") and _is_secret(given, name):
        raise Refused(f"asked for a secret ({name[:100]!r}), which no form may ask for")
    try:
        return FormField.model_validate(_with_default(facts))
    except ValidationError:
        raise unreadable from None


_SAME = ("title", "description", "default", "minimum", "maximum", "pattern", "format")
_FACTS = {"min_length": "minLength", "max_length": "maxLength"} | {name: name for name in _SAME}
"""What the fields of a form call what JSON Schema has."""


def _options(given: Mapping[str, Any]) -> list[FormOption]:
    """The choices of an enum, in any of the forms that the protocol has had."""
    titled = given.get("oneOf") or given.get("anyOf")
    if isinstance(titled, list) and all(isinstance(each, dict) for each in titled):
        pairs = [(each.get("const"), each.get("title")) for each in titled]
    else:
        values, names = given.get("enum") or [], given.get("enumNames") or []
        pairs = [(each, names[i] if i < len(names) else None) for i, each in enumerate(values)]
    if len(pairs) > MAX_OPTIONS:
        raise Refused(f"asked with more than {MAX_OPTIONS} choices")
    if any(not isinstance(value, str) or not value for value, _ in pairs):
        raise Refused("asked with choices that are no texts")
    return [FormOption(value=value, title=str(title) if title else None) for value, title in pairs]


def _with_default(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out a default that the field cannot have."""
    default, known = facts.get("default"), {each.value for each in facts.get("options", ())}
    chosen = default if isinstance(default, list) else [default]
    kinds: dict[str, type | tuple[type, ...]] = {
        "boolean": bool,
        "number": (int, float),
        "integer": int,
    }
    kind = list if facts.get("multiple") else kinds.get(facts.get("type", ""), str)
    fits = isinstance(default, kind) and isinstance(default, bool) == (kind is bool)
    if not fits or (known and not all(each in known for each in chosen)):
        facts.pop("default", None)
    return facts


def _is_secret(given: Mapping[str, JsonValue], name: str) -> bool:
    if given.get("format") == "password" or given.get("writeOnly") is True:
        return True
    texts = (name, given.get("title"), given.get("description"))
    words = [_words(str(text)) for text in texts if text]
    if given.get("type") != "string":  # a number of tokens is none
        words = [each.replace("tokens", "") for each in words]
    return any(map(_SECRET.search, words))


def _words(text: str) -> str:
    """A name in lower case with a space between its words; invisible characters are left out."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
    return re.sub(r"[\W_]+", " ", apart).casefold()


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_fine = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
        if not host or not is_fine or parts.username or parts.password:
            raise ValueError
        if not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError
    except ValueError:
        raise Refused("asked to open an address that is not a plain https:// one") from None
    return url


def _cleaned(value: JsonValue, redacted: Callable[[str], str]) -> JsonValue:
    if isinstance(value, dict):
        return {clean(name): _cleaned(each, redacted) for name, each in value.items()}
    if isinstance(value, list):
        return [_cleaned(each, redacted) for each in value]
    return clean(redacted(value)) if isinstance(value, str) else value

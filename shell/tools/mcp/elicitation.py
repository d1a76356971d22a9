"""Turns a server's elicitation into a form, or refuses it.

A server may ask for flat values only, and not for secrets: what a person types into a form goes to
the server, and a person cannot tell whether a form is honest.
"""

import json
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from pydantic import JsonValue, ValidationError

from shell.contract import Elicitation, FieldFormat, FormField, FormOption
from shell.support.text import clean
from shell.tools.mcp.configuration import is_safe

if TYPE_CHECKING:
    from mcp_types import ElicitRequestParams

MAX_FIELDS = 20
MAX_OPTIONS = 100
MAX_CHARACTERS = 16_000
"""Of everything that one question shows, and of the question as the server sends it."""
TOO_LONG = "asked for more than a form can show"
NO_TEXTS = "asked with choices that are no texts"
_SECRET = re.compile(
    r"\b(pass ?(word|phrase|code|wd)|passwd|pwd|passwort|kennwort|secret|token|credential"
    r"|(api|access|private|auth|secret) ?key|cvv|cvc|otp)s?\b"
)


class ElicitationRefused(Exception):
    """Raised for an elicitation that no person may see. The reason follows the server's name."""


def elicitation_of(
    params: "ElicitRequestParams", server: str, redact: Callable[[str], str]
) -> Elicitation:
    """Make the form or the address that the person sees.

    Args:
        params: the server's request.
        server: the server's command, or the host of its address.
        redact: removes the secrets that the server was given.

    Raises:
        ElicitationRefused: it asks for a secret, too much for a form, or an unsafe address.
    """
    given = params.model_dump(mode="json", exclude={"meta"})
    # Before the search for secrets, which takes seconds in megabytes of text.
    if len(json.dumps(given, ensure_ascii=False)) > MAX_CHARACTERS:
        raise ElicitationRefused(TOO_LONG)
    cleaned = {name: _cleaned(value, redact) for name, value in given.items()}
    is_url = params.mode == "url"
    elicitation = Elicitation(
        id=secrets.token_urlsafe(12),
        server=server,
        message=str(cleaned["message"]),
        fields=[] if is_url else _fields(cleaned["requested_schema"]),
        url=_address(str(cleaned["url"])) if is_url else None,
    )
    if len(elicitation.model_dump_json()) > MAX_CHARACTERS:
        raise ElicitationRefused(TOO_LONG)
    return elicitation


def _fields(schema: JsonValue) -> list[FormField]:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else None
    required = schema.get("required") or [] if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise ElicitationRefused("asked with a form that cannot be read")
    if len(properties) > MAX_FIELDS:
        raise ElicitationRefused(f"asked for more than {MAX_FIELDS} values at once")
    return [_field(name, field, name in required) for name, field in properties.items()]


def _field(name: str, schema: JsonValue, required: bool) -> FormField:
    unreadable = ElicitationRefused(f"asked for {name[:100]!r} in a way that a form cannot show")
    if not isinstance(schema, dict):
        raise unreadable
    facts: dict[str, Any] = {"name": name, "required": required}
    facts |= {field: schema[key] for field, key in _FACTS.items() if schema.get(key) is not None}
    if facts.get("format") not in get_args(FieldFormat):
        facts.pop("format", None)
    json_type = schema.get("type")
    items = schema.get("items")
    if json_type == "array" and isinstance(items, dict):
        facts |= {"type": "enum", "multiple": True, "options": _options(items)}
        facts |= {"min_length": schema.get("minItems"), "max_length": schema.get("maxItems")}
    elif json_type == "string":
        options = _options(schema)
        facts |= {"type": "enum", "options": options} if options else {"type": "string"}
    elif json_type in ("number", "integer", "boolean"):
        facts["type"] = json_type
    if json_type == "array" and not facts.get("options"):
        raise unreadable
    if facts.get("type") in ("string", "number", "integer") and _is_secret(schema, name):
        raise ElicitationRefused(f"asked for a secret ({name[:100]!r}), which no form may ask for")
    try:
        return FormField.model_validate(_with_default(facts))
    except ValidationError:
        raise unreadable from None


_SAME = ("title", "description", "default", "minimum", "maximum", "pattern", "format")
_FACTS = {"min_length": "minLength", "max_length": "maxLength"} | {name: name for name in _SAME}
"""The keyword of JSON Schema for each field of `FormField`."""


def _options(schema: Mapping[str, Any]) -> list[FormOption]:
    """The choices of an enum, in any of the forms that the protocol has had."""
    alternatives = schema.get("oneOf") or schema.get("anyOf")
    if isinstance(alternatives, list) and all(isinstance(each, dict) for each in alternatives):
        pairs = [(each.get("const"), each.get("title")) for each in alternatives]
    else:
        values, names = schema.get("enum") or [], schema.get("enumNames") or []
        if not isinstance(values, list) or not isinstance(names, list):
            raise ElicitationRefused(NO_TEXTS)
        pairs = [(each, names[i] if i < len(names) else None) for i, each in enumerate(values)]
    if len(pairs) > MAX_OPTIONS:
        raise ElicitationRefused(f"asked with more than {MAX_OPTIONS} choices")
    if any(not isinstance(value, str) or not value for value, _ in pairs):
        raise ElicitationRefused(NO_TEXTS)
    return [FormOption(value=value, title=str(title) if title else None) for value, title in pairs]


def _with_default(facts: dict[str, Any]) -> dict[str, Any]:
    """Remove a default that the field cannot have."""
    default, known = facts.get("default"), [each.value for each in facts.get("options", ())]
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


def _is_secret(schema: Mapping[str, JsonValue], name: str) -> bool:
    if schema.get("format") == "password" or schema.get("writeOnly") is True:
        return True
    texts = (name, schema.get("title"), schema.get("description"))
    words = [_words(str(text)) for text in texts if text]
    if schema.get("type") != "string":  # a number of tokens is no secret
        words = [each.replace("tokens", "") for each in words]
    return any(map(_SECRET.search, words))


def _words(text: str) -> str:
    """Split a name into words in lower case, separated by spaces, without invisible characters."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
    return re.sub(r"[\W_]+", " ", apart).casefold()


def _address(url: str) -> str:
    if not is_safe(url) or not url.isascii() or not url.isprintable() or " " in url:
        raise ElicitationRefused("asked to open an address that is not a plain https:// one")
    return url


def _cleaned(value: JsonValue, redact: Callable[[str], str]) -> JsonValue:
    if isinstance(value, dict):
        return {clean(name): _cleaned(each, redact) for name, each in value.items()}
    if isinstance(value, list):
        return [_cleaned(each, redact) for each in value]
    return clean(redact(value)) if isinstance(value, str) else value

"""Writes a request as a program that sends it: a curl command, or Python with the vendor's SDK.

Keys come from environment variables. Text of the conversation is always quoted: for sh, bash and
zsh in a command, and as literals in a program.
"""

import json
import shlex
from collections.abc import Mapping
from pprint import pformat

from shell.contract import WireApi, WireHeader, WireRequest
from shell.errors import ValidationFailed
from shell.providers.exchanges import KEY
from shell.providers.http.lenient_json import json_of
from shell.providers.http.outgoing import VARIABLE

MAX_ARGUMENT_BYTES = 100_000
"""A longer body goes through a pipe: Linux takes no argument above 128 KiB."""
MAX_LAID_OUT = 100_000
"""A longer body is one line in a Python program, because laying it out takes too long."""
_BUILT_IN = frozenset({"accept", "accept-encoding", "content-type", "user-agent"})
_CALLS: Mapping[WireApi, str] = {
    "chat": "chat.completions.create",
    "responses": "responses.create",
    "messages": "messages.create",
}
_KNOWN: Mapping[WireApi, frozenset[str]] = {
    "chat": frozenset(
        {"model", "messages", "stream", "stream_options", "tools", "temperature", "max_tokens"}
        | {"max_completion_tokens", "reasoning_effort"}
    ),
    "responses": frozenset(
        {"model", "input", "stream", "store", "temperature", "max_output_tokens", "reasoning"}
        | {"tools", "include"}
    ),
    "messages": frozenset(
        {"model", "max_tokens", "messages", "stream", "system", "tools", "thinking"}
    ),
}
"""The fields of a body that the SDKs take as arguments. All others go into `extra_body`."""


def as_curl(request: WireRequest) -> str:
    """Write the request as a command for sh, bash and zsh."""
    body = _printable(_body(request))
    parts = [f"curl --globoff --no-buffer --request {shlex.quote(request.method)}"]
    parts.append(f"--url {shlex.quote(request.url)}")
    parts += [f"--header {_curl_header(header)}" for header in request.headers]
    if len(body.encode()) <= MAX_ARGUMENT_BYTES:
        return " \\\n  ".join([*parts, f"--data-raw {shlex.quote(body)}"]) + "\n"
    command = " \\\n  ".join([*parts, "--data-binary @-"])
    return f"printf %s {shlex.quote(body)} |\n{command}\n"


def as_python(request: WireRequest) -> str:
    """Write the request as a program with the SDK of OpenAI or Anthropic."""
    text = _body(request)
    body = json.loads(text)
    extra = {name: body.pop(name) for name in [*body] if name not in _KNOWN[request.api]}
    vendor = "Anthropic" if request.api == "messages" else "OpenAI"
    key = next((h.variable for h in request.headers if h.variable and h.value != KEY), None)
    if request.api == "messages":
        key = next((h.variable for h in request.headers if h.name == "x-api-key"), None)
    headers = {
        header.name: header
        for header in request.headers
        if header.name not in _BUILT_IN and (header.variable is None or header.variable != key)
    }
    lines = ["import os", "", f"from {vendor.lower()} import {vendor}", ""]
    lines += [f"client = {vendor}("]
    lines += [f"    base_url={request.base_url!r},"]
    lines += [f"    api_key={_environment(key) if key else repr('none')},"]
    if headers:
        lines += ["    default_headers={"]
        lines += [f"        {n!r}: {_python_header(h)}," for n, h in headers.items()]
        lines += ["    },"]
    lines += [")", f"body = {_laid_out(body, text)}"]
    if extra:
        lines += [f"extra = {_laid_out(extra, text)}"]
    more = ", extra_body=extra" if extra else ""
    lines += [f"for event in client.{_CALLS[request.api]}(**body{more}):", "    print(event)", ""]
    return "\n".join(lines)


def _body(request: WireRequest) -> str:
    if request.body is None:
        text = "The body of this request was too long to be kept, so it cannot be copied"
        raise ValidationFailed([("request.body", text)])
    if not isinstance(json_of(request.body), dict):
        raise ValidationFailed([("request.body", "The body is no JSON object")])
    return request.body


def _printable(body: str) -> str:
    """Escape the characters that no terminal shows, such as marks that reverse a text."""
    if body.isprintable():
        return body
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in body)


def _curl_header(header: WireHeader) -> str:
    if header.variable is None:
        return shlex.quote(f"{header.name}: {header.value}")
    prefix, _, suffix = header.value.partition(KEY)
    return (
        shlex.quote(f"{header.name}: {prefix}")
        + f'"${{{_name(header.variable)}}}"'
        + (shlex.quote(suffix) if suffix else "")
    )


def _python_header(header: WireHeader) -> str:
    if header.variable is None:
        return repr(header.value)
    prefix, _, suffix = header.value.partition(KEY)
    parts = (prefix and repr(prefix), _environment(header.variable), suffix and repr(suffix))
    return " + ".join(filter(None, parts))


def _environment(variable: str) -> str:
    return f'os.environ["{_name(variable)}"]'


def _name(variable: str) -> str:
    if not VARIABLE.fullmatch(variable):
        raise ValidationFailed([("request.headers", "A variable has a name that none can have")])
    return variable


def _laid_out(value: dict[str, object], text: str) -> str:
    return repr(value) if len(text) > MAX_LAID_OUT else pformat(value, width=100, sort_dicts=False)

"""`tidewire providers`: lists, adds, removes and tests providers. It never prints a key."""

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from typing import Any, cast

from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel

from shell.api.providers import summary
from shell.bridge.validation import validate_params
from shell.cli.keys import open_providers
from shell.cli.output import print_line
from shell.contract import ProviderSummary, TrialReport
from shell.errors import NotFound, ProviderError, ValidationFailed
from shell.providers import custom
from shell.providers.base import ANY_MODEL
from shell.providers.connection_test import try_provider
from shell.providers.custom import CustomProvider
from shell.providers.http.endpoint import is_secret
from shell.providers.key_variables import FILE
from shell.providers.keys import Keys
from shell.providers.registry import Providers
from shell.support.data_directory import DataDirectory
from shell.support.files import expand_home

SHOWN_MODELS = 12
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def list_(data: DataDirectory, *, as_json: bool) -> None:
    """Print every provider."""
    providers, keys = open_providers(data)
    asyncio.run(keys.load(providers.base_urls))
    for provider in providers.values():
        _print(summary(providers, provider), as_json=as_json)


def add(data: DataDirectory, *, as_json: bool, **given: Any) -> None:
    """Store a provider. Contacts no server."""
    provider, remark = _provider(given).with_complete_address()
    try:
        provider.check()
    except ValidationFailed as error:
        if (provider.base_url or "").lower().startswith("http://"):
            text = f"{error.message} (Or allow it with --allow-plain-http)"
            raise _wrong("baseUrl", text) from None
        raise
    data.prepare()
    providers, keys = open_providers(data)
    custom.add(data.path, provider, providers.built_in)
    providers.reload()
    asyncio.run(keys.load(providers.base_urls))
    added = providers.resolve(provider.id)
    if remark is not None:
        print(f"Note: {remark.text}", file=sys.stderr)
    for name in filter(is_secret, provider.headers):
        print(
            f"Note: the header {name} contains a secret. {data.path / FILE} keeps it, "
            "readable only by you, but other users of this machine could see the command "
            f"line. Use --key-env VAR or 'tidewire keys set {provider.id}' instead.",
            file=sys.stderr,
        )
    shown = summary(providers, added).model_copy(update={"remark": remark})
    _print(shown, as_json=as_json)
    if not as_json:
        hint = f"Try it: tidewire providers test {provider.id}"
        if added.default_model_id == ANY_MODEL:
            hint += f" (and name a model when you ask: --provider {provider.id} --model M)"
        print(hint)


def remove(data: DataDirectory, *, name: str, as_json: bool) -> None:
    """Remove a provider and its key in the keychain."""
    providers, keys = open_providers(data)
    if name in providers.built_in:
        raise _wrong("id", f"{name} is built into Tidewire and cannot be removed")
    url = providers.base_urls.get(name)
    if not custom.remove(data.path, name):
        raise _unknown(name, providers)
    if url is not None:
        asyncio.run(_forget(keys, name, url))
    print_line({"id": name, "removed": True}, f"Removed {name}.", as_json=as_json)


def test(data: DataDirectory, *, name: str, model: str | None, as_json: bool) -> int:
    """Make one small request and print the result. Returns 1 when it failed."""
    providers, keys = open_providers(data)
    if name not in providers:
        raise _unknown(name, providers)
    trial = asyncio.run(_try(providers, keys, name, model))
    if as_json:
        print(json.dumps({"providerId": name, **_flat(trial)}), flush=True)
    elif trial.problem is not None:
        code = trial.problem.code
        raise ProviderError(code, f"{code.value}: {trial.sentence}")
    else:
        print(trial.sentence)
        if trial.models:
            more = len(trial.models) - SHOWN_MODELS
            text = ", ".join(trial.models[:SHOWN_MODELS])
            print(f"Models: {text}{f' and {more} more' if more > 0 else ''}")
    return 0 if trial.ok else 1


async def _try(providers: Providers, keys: Keys, name: str, model: str | None) -> TrialReport:
    urls = providers.base_urls
    await keys.load({name: urls[name]} if name in urls else {})
    try:
        return await try_provider(providers.resolve(name), model)
    finally:
        await providers.close()


async def _forget(keys: Keys, name: str, url: str) -> None:
    await keys.load({name: url})
    if keys.status(name, url).source == "keychain":
        await keys.remove(name, url)


def _provider(given: Mapping[str, Any]) -> CustomProvider:
    """Return the provider that the arguments of `add` describe."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", given["id"]):
        raise _wrong("id", "NAME may have 1 to 64 letters, digits, '.', '_' and '-'")
    if given["key_env"] and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,100}", given["key_env"]):
        text = "--key-env takes the name of an environment variable, such as MY_KEY"
        raise _wrong("keyEnv", f"{text}; the key itself is never an argument")
    known = {to_camel(name): value for name, value in given.items() if value is not None}
    known["headers"] = dict(_header(text) for text in given["headers"])
    if "file" in known:
        known["file"] = str(expand_home(known["file"]).absolute())
    return cast("CustomProvider", validate_params(TypeAdapter[object](CustomProvider), known))


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not _HEADER.fullmatch(name):
        raise _wrong("headers", "--header takes NAME=VALUE, such as X-Team=blue")
    if not (value.isascii() and value.isprintable()) or len(value) > 4_000:
        raise _wrong("headers", f"The value of the header {name} must be plain text on one line")
    return name, value


def _wrong(field: str, sentence: str) -> ValidationFailed:
    return ValidationFailed([(field, sentence)])


def _unknown(name: str, providers: Providers) -> NotFound:
    return NotFound(f"There is no provider called {name!r}. Available: {', '.join(providers)}.")


def _flat(shown: ProviderSummary | TrialReport) -> dict[str, object]:
    """Return the fields, merged with those of the problem."""
    problem = {} if shown.problem is None else shown.problem.model_dump(mode="json")
    fields = {**shown.model_dump(mode="json"), "code": None, **problem}
    return {**fields, "problem": fields.pop("message", None)}


def _print(provider: ProviderSummary, *, as_json: bool) -> None:
    key = "has a key" if provider.has_key else "needs a key" if provider.needs_key else ""
    place = provider.host or ("runs on this machine" if provider.local else "runs in Tidewire")
    facts = [place, f"model {provider.default_model}", key]
    if provider.problem is not None and not (provider.needs_key and not provider.has_key):
        facts.append(provider.problem.message)
    text = f"{provider.id:<14} {', '.join(filter(None, facts))}"
    print_line(_flat(provider), text, as_json=as_json)

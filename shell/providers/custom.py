"""Stores the providers that a person added, in the data directory.

The file holds names, addresses and headers. Keys are stored elsewhere, or come from an environment
variable that the entry names. A header may hold a secret, so only the owner can read the file.
Changes raise ShellError if the file cannot be read or written.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shell.contract import NewProvider, Remark, RemarkCode
from shell.errors import ProviderError, Reason, ShellError, ValidationFailed
from shell.providers.http.address import complete_address
from shell.providers.http.endpoint import Endpoint, is_secret
from shell.providers.key_variables import FILE
from shell.providers.local.gguf import read_header
from shell.support.file_lock import file_lock
from shell.support.files import replace_file

MAX_PROVIDERS = 100


class CustomProvider(NewProvider):
    """A provider that a person added."""

    key_env: Annotated[str | None, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,100}$")] = None
    """The environment variable that holds the key, or None. A page cannot set it, because it could
    have any variable sent to any address."""

    @property
    def endpoint(self) -> Endpoint:
        """Its server, without a key."""
        return Endpoint(
            self.id,
            self.label or self.id,
            self.base_url or "",
            key_required=self.key_env is not None,
            headers=self.headers,
            allow_plain_http=self.allow_plain_http,
            key_variables=(self.key_env,) if self.key_env else (),
        )

    def with_complete_address(self) -> tuple[Self, Remark | None]:
        """Complete the address for this API. Returns the provider, and a remark about a change."""
        if self.base_url is None:
            return self, None
        address = complete_address(self.base_url, has_version=self.kind != "anthropic")
        if address == self.base_url:
            return self, None
        shown = _without_secrets(address)
        remark = Remark(
            code=RemarkCode.ADDRESS_MENDED,
            text=f"The address was completed: {shown}",
            facts={"address": shown},
        )
        return self.model_copy(update={"base_url": address}), remark

    def without_secret_values(self) -> Self:
        """Remove the values of headers that may hold a key, and a login and keys in the address,
        for a backup. The names of the headers stay.
        """
        headers = {name: "" if is_secret(name) else value for name, value in self.headers.items()}
        address = None if self.base_url is None else _without_secrets(self.base_url)
        return self.model_copy(update={"headers": headers, "base_url": address})

    def with_values_of(self, present: "CustomProvider | None") -> Self:
        """Complete a provider of a backup with the secrets of the present provider.

        Without one at exactly this address, the headers are removed.
        """
        values: Mapping[str, str] = {}
        address = self.base_url
        known = None if present is None else present.base_url
        if present is not None and known and address in (known, _without_secrets(known)):
            values, address = present.headers, known
        headers = dict(self.headers)
        for name in [name for name, value in headers.items() if is_secret(name) and not value]:
            del headers[name]
            if name in values:
                headers[name] = values[name]
        return self.model_copy(update={"headers": headers, "base_url": address})

    def check(self) -> None:
        """Check the settings without a request.

        Raises:
            ValidationFailed: a field is missing or invalid, the address is not safe for a key, or
                the file is not a complete model.
        """
        if self.kind == "gguf":
            self._check_file()
            return
        if self.file is not None or self.context_tokens is not None:
            text = "Only gguf providers have a file and a context size"
            raise ValidationFailed([("file", text)])
        if self.base_url is None:
            text = "This kind of provider needs a base URL"
            raise ValidationFailed([("baseUrl", text)], reason=Reason.NO_ADDRESS)
        try:
            replace(self.endpoint, key_required=False).check()
        except ProviderError as error:
            raise ValidationFailed([("baseUrl", error.message)], reason=error.reason) from None

    def _check_file(self) -> None:
        if self.base_url is not None or self.headers or self.key_env is not None:
            text = "A gguf provider has a file, but no base URL, headers, or key"
            raise ValidationFailed([("baseUrl", text)])
        if self.file is None or not Path(self.file).is_absolute():
            text = "A gguf provider needs the full path of a file"
            raise ValidationFailed([("file", text)], reason=Reason.NO_FILE)
        if self.file.startswith(("\\\\", "//")):
            # Windows would send this person's credentials to that machine if it opened the file.
            text = "The file is on another machine. Copy it to this one"
            raise ValidationFailed([("file", text)], reason=Reason.FILE_ELSEWHERE)
        try:
            read_header(Path(self.file))
        except ProviderError as error:
            raise ValidationFailed([("file", error.message)], reason=error.reason) from None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)

    version: Literal[1] = 1
    providers: list[CustomProvider] = Field(default_factory=list, max_length=MAX_PROVIDERS)


def read_added(data_dir: Path | None) -> list[CustomProvider]:
    """Read the providers, in the order in which they were added.

    Raises:
        ShellError: the file cannot be read. It is not changed.
    """
    path = data_dir / FILE if data_dir is not None else None
    if path is None or not path.exists():
        return []
    try:
        return parse_added(path.read_bytes())
    except (OSError, ValidationError) as error:
        text = f"{path} is not valid ({_first_problem(error)}). Fix or delete it."
        raise ShellError(text) from None


def parse_added(content: bytes) -> list[CustomProvider]:
    """Parse the content of the file.

    Raises:
        ValidationError: it is not valid.
    """
    return _File.model_validate_json(content).providers


def without_secret_values(content: bytes) -> bytes:
    """Remove the values of headers that may hold a key from the content of the file.

    Raises:
        ValidationError: it is not valid.
    """
    providers = [provider.without_secret_values() for provider in parse_added(content)]
    return _content(providers)


def add(data_dir: Path, provider: CustomProvider, taken: frozenset[str] | set[str]) -> None:
    """Add a provider.

    Raises:
        ValidationFailed: its id is taken, or its settings are invalid.
    """
    provider.check()
    with _editing(data_dir) as known:
        if provider.id in taken or provider.id in known:
            text = f"A provider called {provider.id} already exists"
            raise ValidationFailed([("id", text)], reason=Reason.NAME_TAKEN)
        known[provider.id] = provider


def remove(data_dir: Path, provider_id: str) -> bool:
    """Remove a provider. Returns False if there is none with this id."""
    with _editing(data_dir) as known:
        return known.pop(provider_id, None) is not None


def put(data_dir: Path, providers: Sequence[CustomProvider]) -> None:
    """Add providers, or replace those with the same ids.

    Raises:
        ShellError: there are too many.
    """
    with _editing(data_dir) as known:
        known.update((provider.id, provider) for provider in providers)


@contextlib.contextmanager
def _editing(data_dir: Path) -> Iterator[dict[str, CustomProvider]]:
    """Lock the file, give its providers by their ids, and write them at the end if they changed."""
    path = data_dir / FILE
    try:
        with file_lock(path):
            before = {provider.id: provider for provider in read_added(data_dir)}
            known = dict(before)
            yield known
            if len(known) > MAX_PROVIDERS:
                raise ValidationFailed([("id", f"Too many providers (max: {MAX_PROVIDERS})")])
            if known != before:
                replace_file(path, _content(list(known.values())))
    except OSError as error:
        raise ShellError(f"{path} cannot be written ({error.strerror}).") from None


def _content(providers: list[CustomProvider]) -> bytes:
    return _File(providers=providers).model_dump_json(indent=1).encode()


def _first_problem(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    found = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(step) for step in found["loc"])
    return f"{place}: {found['msg']}" if place else str(found["msg"])


def _without_secrets(address: str) -> str:
    """Remove a name and a password from an address, and values of its query that may be keys."""
    try:
        parts = urlsplit(address)
    except ValueError:  # it is not used before it is corrected
        return address
    netloc = parts.netloc.rpartition("@")[2]
    query = "&".join(map(_without_value, parts.query.split("&")))
    return urlunsplit(parts._replace(netloc=netloc, query=query))


def _without_value(parameter: str) -> str:
    """A parameter of a query; without its value if its name suggests a secret."""
    name = parameter.partition("=")[0]
    return f"{name}=" if is_secret(unquote(name)) else parameter

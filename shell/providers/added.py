"""Added: the OpenAI-compatible endpoints that a person added, kept in the data directory.

The file holds names, addresses and headers, never a key: a key comes from an environment variable
that the entry names, or from wherever the host keeps keys.
"""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from shell.contract import ModelId, ProviderId
from shell.errors import ProviderError, ShellError, ValidationFailed
from shell.providers.endpoint import Endpoint

FILE = "providers.json"
MAX_PROVIDERS = 100

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,4000}$")]


class AddedProvider(BaseModel):
    """One endpoint, as a person described it."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
    )

    id: ProviderId
    kind: Literal["openai-compatible", "anthropic"] = "openai-compatible"
    base_url: Annotated[str, Field(max_length=2_000)]
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=50)
    key_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,100}$")] | None = (
        None
    )
    """The environment variable that holds the key; None when the server asks for none."""
    default_model: ModelId | None = None
    allow_plain_http: bool = False


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: Literal[1] = 1
    providers: Annotated[list[AddedProvider], Field(max_length=MAX_PROVIDERS)] = Field(
        default_factory=list
    )


def read_added(data_dir: Path | None) -> list[AddedProvider]:
    """Every endpoint that was added, in the order in which it was.

    Raises:
        ShellError: the file cannot be understood; nothing is lost by saying so.
    """
    path = data_dir / FILE if data_dir is not None else None
    if path is None or not path.exists():
        return []
    try:
        return _File.model_validate_json(path.read_bytes()).providers
    except (OSError, ValidationError) as error:
        raise ShellError(
            f"{path} cannot be understood ({_first(error)}). Mend or delete it."
        ) from None


def add(data_dir: Path, provider: AddedProvider, taken: frozenset[str] | set[str]) -> None:
    """Keep an endpoint.

    Raises:
        ValidationFailed: its name is taken, or its address would not keep a secret.
        ShellError: the file cannot be read or written.
    """
    known = read_added(data_dir)
    if provider.id in taken or any(other.id == provider.id for other in known):
        raise ValidationFailed([("id", f"There is a provider called {provider.id} already")])
    if len(known) >= MAX_PROVIDERS:
        raise ValidationFailed([("id", f"Too many providers (max: {MAX_PROVIDERS})")])
    try:
        Endpoint(
            provider.id,
            provider.id,
            provider.base_url,
            key_required=False,
            allow_plain_http=provider.allow_plain_http,
        ).check()
    except ProviderError as error:
        raise ValidationFailed([("baseUrl", error.message)]) from None
    _write(data_dir / FILE, [*known, provider])


def remove(data_dir: Path, provider_id: str) -> bool:
    """Forget an endpoint. False: there is none of that name.

    Raises:
        ShellError: the file cannot be read or written.
    """
    known = read_added(data_dir)
    kept = [provider for provider in known if provider.id != provider_id]
    if len(kept) == len(known):
        return False
    _write(data_dir / FILE, kept)
    return True


def _write(path: Path, providers: list[AddedProvider]) -> None:
    """Replace the file in one step, for its owner alone: a header can hold a secret."""
    data = _File(providers=providers).model_dump_json(indent=1).encode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=FILE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise ShellError(f"{path} cannot be written ({error.strerror}).") from None


def _first(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    found = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(step) for step in found["loc"])
    return f"{place}: {found['msg']}" if place else str(found["msg"])

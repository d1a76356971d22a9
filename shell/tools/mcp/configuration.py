"""Reads and writes `mcp.json`, which has the servers in the form that other programs use as well.

Values of variables and headers that were given to the program are in the keychain. What a person
writes into the file by hand is used as it stands; `${NAME}` is taken from the environment.
"""

import contextlib
import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shell.errors import ProviderError, StorageFailed, ValidationFailed
from shell.providers.http.endpoint import Endpoint
from shell.support.file_lock import file_lock
from shell.support.files import free_path, reason, replace_file

FILE = "mcp.json"
MAX_SERVERS = 50
KEPT = "${keychain}"
"""Stands in the file for a value that is in the keychain."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_Text = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]
_Values = Annotated[dict[Annotated[str, Field(min_length=1, max_length=200)], _Text], Field()]


class ClientSpec(BaseModel):
    """What a server's authorization server knows the program as. Most need not be told."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    client_id: Annotated[str, Field(alias="clientId", min_length=1, max_length=2_000)]
    callback_port: Annotated[int, Field(alias="callbackPort", ge=0, le=65_535)] = 0
    """Where the browser must come back to; 0 for any port."""


class ServerSpec(BaseModel):
    """One server: a command on this machine, or an address."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    command: _Text | None = None
    args: Annotated[list[_Text], Field(max_length=200)] = Field(default_factory=list)
    env: _Values = Field(default_factory=dict, repr=False)
    cwd: _Text | None = None
    url: _Text | None = None
    type: Literal["stdio", "http", "streamable-http", "streamableHttp", "sse"] | None = None
    headers: _Values = Field(default_factory=dict, repr=False)
    oauth: ClientSpec | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "ServerSpec":
        if bool(self.command) == bool(self.url):
            raise ValueError("a server has either a command or a url")
        if self.url is not None and not is_safe(self.url):
            raise ValueError("an address begins with https://, or with http:// on this machine")
        return self

    @property
    def argv(self) -> list[str]:
        """The command with its arguments; empty for an address."""
        return [] if self.command is None else [self.command, *self.args]

    @property
    def identity(self) -> str:
        """A hash of everything that a consent is given for. It has no value of a secret."""
        parts: list[object] = [self.argv, self.cwd, sorted(self.env)]
        if self.url is not None:
            parts = [self.url, self.type == "sse", sorted(self.headers)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def values(self) -> Mapping[str, str]:
        """The variables of a command, or the headers of an address."""
        return self.env if self.url is None else self.headers

    @property
    def secret_host(self) -> str:
        """An address that its kept values are bound to, so that no other server gets them."""
        return self.url or f"stdio://{self.identity}"

    @property
    def place(self) -> str:
        """What the person is told of it when it asks: not the name that it gives itself."""
        return shlex.join(self.argv) or urlsplit(self.url or "").netloc.rpartition("@")[2]

    def with_values(self, values: Mapping[str, str]) -> "ServerSpec":
        """The same server with other values of its variables or headers."""
        return self.model_copy(update={"env" if self.url is None else "headers": dict(values)})

    def shown(self) -> str:
        """The whole command as a shell would take it, or the address."""
        return self.url or " ".join(map(_quoted, self.argv))


class ServersFile:
    """The servers of `mcp.json`. Reads the file again whenever it has changed.

    Args:
        folder: the data directory; nothing is written there before the first change.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._seen: tuple[int, int] | None = None
        self._servers: dict[str, ServerSpec] = {}
        self.problems: dict[str, str] = {}
        """Entries that cannot be used, with the reason."""

    def servers(self) -> dict[str, ServerSpec]:
        """All servers that can be used, in the order of the file."""
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                self._servers, self.problems = parsed(self._path.read_bytes())
                self._seen = seen
        except FileNotFoundError:
            self._servers, self.problems, self._seen = {}, {}, None
        except (OSError, ValidationFailed):
            self._servers, self.problems = {}, {FILE: f"{self._path} cannot be read"}
        return dict(self._servers)

    def put(self, name: str, spec: ServerSpec) -> None:
        """Add or replace a server.

        Raises:
            StorageFailed: it cannot be written.
            ValidationFailed: there are too many.
        """
        with self._writing() as entries:
            if name not in entries and len(entries) >= MAX_SERVERS:
                raise ValidationFailed([("name", f"At most {MAX_SERVERS} servers can be added")])
            entries[name] = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def remove(self, name: str) -> None:
        """Remove a server.

        Raises:
            StorageFailed: it cannot be written.
        """
        with self._writing() as entries:
            entries.pop(name, None)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[dict[str, object]]:
        """The entries of the file, which is written at the end."""
        try:
            with file_lock(self._path):
                content: dict[str, Any] = {}
                entries: dict[str, object] = {}
                try:
                    content = json.loads(self._path.read_bytes())
                    entries = dict(content.get("mcpServers", {}))
                except FileNotFoundError:
                    pass  # it is made now
                except (ValueError, TypeError, AttributeError):
                    self._path.rename(free_path(self._path.with_name("mcp-invalid.json")))
                    content = {}
                yield entries
                written = json.dumps({**content, "mcpServers": entries}, indent=2)
                replace_file(self._path, written.encode())
        except OSError as error:
            text = f"{self._path} cannot be written ({reason(error)}); nothing was changed."
            raise StorageFailed(text) from None


def parsed(data: bytes) -> tuple[dict[str, ServerSpec], dict[str, str]]:
    """The servers of a file, ours or another program's, and the entries that cannot be used.

    Raises:
        ValidationFailed: it has no servers.
    """
    try:
        content = json.loads(data)
        entries = content.get("mcpServers", content.get("servers"))
        pairs = list(entries.items())
    except (ValueError, AttributeError, RecursionError):
        raise ValidationFailed([("file", 'It has no "mcpServers"')]) from None
    found: dict[str, ServerSpec] = {}
    problems: dict[str, str] = {}
    for given, entry in pairs:
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", str(given)).strip("-")[:40] or "server"
        try:
            if len(found) >= MAX_SERVERS or name in found:
                raise ValueError("there is another server of this name, or too many")
            found[name] = ServerSpec.model_validate(entry)
        except (ValidationError, ValueError, RecursionError) as error:
            problems[str(given)[:100]] = _first_problem(error)
    return found, problems


def expanded(value: str, environ: Mapping[str, str]) -> str | None:
    """A value with `${NAME}` replaced; None if a variable is not set."""
    if any(name not in environ for name in _VARIABLE.findall(value)):
        return None
    return _VARIABLE.sub(lambda found: environ[found[1]], value)


def is_safe(url: str) -> bool:
    """Whether nobody on the network can read what is sent to an address."""
    endpoint = Endpoint("mcp", "The server", url, key_required=False)
    try:
        endpoint.check()
    except ProviderError:
        return False
    return urlsplit(url).username is None


def sign_in_name(server: str) -> str:
    """The name that the keychain has a server's tokens under."""
    return f"mcp-sign-in/{server}"


def client_secret_name(server: str) -> str:
    """The name that the keychain has the secret under that the program was registered with."""
    return f"mcp-client/{server}"


def _first_problem(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"]).removeprefix("Value error, ")


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w@%+=:,./-]+", text, re.ASCII) else json.dumps(text)

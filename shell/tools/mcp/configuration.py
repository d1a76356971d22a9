"""Reads and writes `mcp.json`, which lists the servers in the form that other programs use as well.

Values of variables and headers that a person entered in the program are in the keychain. Those
written into the file by hand are used as they stand, with `${NAME}` taken from the environment.
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

from shell.errors import ProviderError, ValidationFailed
from shell.providers.http.endpoint import Endpoint, is_secret
from shell.support.file_lock import file_lock
from shell.support.files import file_errors, free_path, replace_file

FILE = "mcp.json"
MAX_SERVERS = 50
IN_KEYCHAIN = "${keychain}"
"""The placeholder in the file for a value that is in the keychain."""
_REFERENCE = re.compile(r"(?:[A-Za-z]+ )?\$\{")
"""The beginning of a value from the environment. A header may have a scheme such as Bearer."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_Text = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]
_Values = Annotated[dict[Annotated[str, Field(min_length=1, max_length=200)], _Text], Field()]


class ClientSpec(BaseModel):
    """The program's registration at a server's authorization server. Most servers need none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    client_id: Annotated[str, Field(alias="clientId", min_length=1, max_length=2_000)]
    callback_port: Annotated[int, Field(alias="callbackPort", ge=0, le=65_535)] = 0
    """The port of the redirect URI, 0 for any port."""


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
        """A hash of everything that a consent is given for, without the values of secrets."""
        parts = self._target
        if self.variables:
            parts.append(sorted(self.variables.items()))
        if self.shown_values:
            parts.append(["values", sorted(self.shown_values.items())])
        return _hash(parts)

    @property
    def target(self) -> str:
        """A hash of what is run or contacted, with the names of its values."""
        return _hash(self._target)

    @property
    def _target(self) -> list[object]:
        if self.url is not None:
            return [self.url, self.type == "sse", sorted(self.headers)]
        return [self.argv, self.cwd, sorted(self.env)]

    @property
    def values(self) -> Mapping[str, str]:
        """The variables of a command, or the headers of an address."""
        return self.env if self.url is None else self.headers

    @property
    def variables(self) -> Mapping[str, list[str]]:
        """The variables of the environment that a value is made of, by the value's name. Only for a
        server as the file has it: a value in the keychain is used as it stands.
        """
        in_file = {name: value for name, value in self.values.items() if value != IN_KEYCHAIN}
        found = {name: _VARIABLE.findall(value) for name, value in in_file.items()}
        return {name: variables for name, variables in found.items() if variables}

    @property
    def shown_values(self) -> Mapping[str, str]:
        """The values that stand in the file as they are, but for those with the name of a secret.
        A value such as that of NODE_OPTIONS decides what a command does.
        """
        plain = {name: value for name, value in self.values.items() if "${" not in value}
        return {name: value for name, value in plain.items() if not is_secret(name)}

    @property
    def secret_host(self) -> str:
        """The address or command that values in the keychain are bound to. No other server gets
        them.
        """
        return self.url or f"stdio://{self.target}"

    @property
    def place(self) -> str:
        """The command or the host that an elicitation shows, and not the server's own name."""
        return shlex.join(self.argv) or urlsplit(self.url or "").netloc.rpartition("@")[2]

    @property
    def secret_values(self) -> Mapping[str, str]:
        """The values to store in the keychain: all but those that the environment has."""
        return {key: value for key, value in self.values.items() if not _REFERENCE.match(value)}

    def with_placeholders(self) -> "ServerSpec":
        """The same server as the file has it, without the values that the keychain has."""
        values = {**self.values, **dict.fromkeys(self.secret_values, IN_KEYCHAIN)}
        return self.model_copy(update={"env" if self.url is None else "headers": values})

    def shown(self) -> str:
        """The whole command as a shell would take it, or the address."""
        return self.url or " ".join(map(_quoted, self.argv))


class ServersFile:
    """The servers of `mcp.json`. Reads the file again whenever it has changed.

    Its changes raise StorageFailed if the file cannot be written, and StorageUnavailable if another
    process holds its lock.

    Args:
        folder: the data directory. The first change creates the file.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._file_version: tuple[int, int] | None = None
        self._servers: dict[str, ServerSpec] = {}
        self.problems: dict[str, str] = {}
        """Entries that cannot be used, with the reason."""

    def servers(self) -> dict[str, ServerSpec]:
        """All valid servers, in the order of the file."""
        try:
            stat = self._path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            if version != self._file_version:
                self._servers, self.problems = parse_servers(self._path.read_bytes())
                self._file_version = version
        except FileNotFoundError:
            self._servers, self.problems, self._file_version = {}, {}, None
        except (OSError, ValidationFailed):
            self._servers, self._file_version = {}, None
            self.problems = {FILE: f"{self._path} cannot be read"}
        return dict(self._servers)

    def add(self, name: str, spec: ServerSpec) -> None:
        """Add a server.

        Raises:
            ValidationFailed: there is a server of this name, or there are too many.
        """
        with self._editing() as entries:
            if name in map(clean_name, entries):
                text = f"There is a server {name!r} already. Remove it first"
                raise ValidationFailed([("name", text)])
            if len(entries) >= MAX_SERVERS:
                raise ValidationFailed([("name", f"At most {MAX_SERVERS} servers can be added")])
            entries[name] = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def remove(self, name: str) -> None:
        """Remove a server."""
        with self._editing() as entries:
            for given_name in [each for each in entries if clean_name(each) == name]:
                del entries[given_name]

    @contextlib.contextmanager
    def _editing(self) -> Iterator[dict[str, object]]:
        """Lock the file, give its entries, and write them at the end."""
        with (
            file_errors(f"Nothing was changed: {self._path} cannot be written"),
            file_lock(self._path),
        ):
            content: dict[str, Any] = {}
            key = "mcpServers"
            entries: dict[str, object] = {}
            try:
                content = json.loads(self._path.read_bytes())
                key = _servers_key(content)
                entries = dict(content.get(key, {}))
            except FileNotFoundError:
                pass  # the write below creates it
            except (ValueError, TypeError, AttributeError):
                self._path.rename(free_path(self._path.with_name("mcp-invalid.json")))
                content = {}
            yield entries
            written = json.dumps({**content, key: entries}, indent=2)
            replace_file(self._path, written.encode())


def parse_servers(data: bytes) -> tuple[dict[str, ServerSpec], dict[str, str]]:
    """Parse a file of servers, ours or another program's. Returns the servers by their names, and
    the reason for each entry that cannot be used.

    Raises:
        ValidationFailed: it has no servers.
    """
    try:
        content = json.loads(data)
        pairs = list(content[_servers_key(content)].items())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValidationFailed([("file", 'It has no "mcpServers"')]) from None
    found: dict[str, ServerSpec] = {}
    problems: dict[str, str] = {}
    for given_name, entry in pairs:
        name = clean_name(given_name)
        try:
            if len(found) >= MAX_SERVERS or name in found:
                raise ValueError("there is another server of this name, or too many")
            found[name] = ServerSpec.model_validate(entry)
        except (ValidationError, ValueError, RecursionError) as error:
            problems[given_name[:100]] = _first_problem(error)
    return found, problems


def clean_name(given_name: str) -> str:
    """The name that the program uses for a server that has any name in a file."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", given_name).strip("-")[:40] or "server"


def expand_variables(value: str, environ: Mapping[str, str]) -> str | None:
    """Replace every `${NAME}` in a value. None if a variable is not set."""
    if any(name not in environ for name in _VARIABLE.findall(value)):
        return None
    return _VARIABLE.sub(lambda found: environ[found[1]], value)


def is_safe(url: str) -> bool:
    """Whether requests to an address are encrypted or local, and it has no user name."""
    endpoint = Endpoint("mcp", "The server", url, key_required=False)
    try:
        endpoint.check()
    except ProviderError:
        return False
    return urlsplit(url).username is None


def sign_in_name(server: str) -> str:
    """The keychain's name for a server's tokens."""
    return f"mcp-sign-in/{server}"


def client_secret_name(server: str) -> str:
    """The keychain's name for the client secret of the program's registration at a server."""
    return f"mcp-client/{server}"


def _servers_key(content: Mapping[str, object]) -> str:
    """The key of the servers in a file. VS Code calls it `servers`, all others `mcpServers`."""
    return "servers" if "servers" in content and "mcpServers" not in content else "mcpServers"


def _hash(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _first_problem(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"]).removeprefix("Value error, ")


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w@%+=:,./-]+", text, re.ASCII) else json.dumps(text)

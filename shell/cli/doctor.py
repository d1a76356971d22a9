"""`tidewire doctor`: checks what Tidewire needs on this machine, and prints the problems."""

import asyncio
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata

from shell import __version__
from shell.app.main import PAGE
from shell.bridge.desktop.display import display_problem
from shell.bridge.page import load_page
from shell.cli.keys import open_providers
from shell.cli.output import print_line
from shell.errors import ShellError
from shell.providers.keys import KEYCHAIN_TIMEOUT_S, Keys, system_keychain
from shell.providers.local.model_files import ModelFiles
from shell.support.data_directory import DataDirectory
from shell.support.worker import Worker
from shell.tools.choices import ToolChoices
from shell.tools.mcp.configuration import FILE as MCP_FILE
from shell.tools.mcp.servers import McpServers


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. When `needed` is set, the program cannot work without it."""

    name: str
    ok: bool
    text: str
    needed: bool = False


def doctor(data: DataDirectory, *, as_json: bool) -> int:
    """Print each finding at once. Returns 1 when something needed is missing, else 0."""
    status = 0
    for finding in examine(data):
        if finding.needed and not finding.ok:
            status = 1
        mark = "ok" if finding.ok else "NO" if finding.needed else "--"
        text = f"{mark}  {finding.name:<16} {finding.text}"
        print_line(asdict(finding), text, as_json=as_json)
    return status


def examine(data: DataDirectory) -> Iterator[Finding]:
    """Run every check in turn. Starts no program and uses no network."""
    python = f"Python {platform.python_version()}, {platform.platform()}"
    yield Finding("program", True, f"Tidewire {__version__} ({_form()}), {python}")
    yield _check("data directory", lambda: _data(data), needed=True)
    yield _check("page", _page, needed=True)
    yield _display()
    yield _web_view()
    yield _check("model file", lambda: _model(data))
    yield _keyring()
    yield from _providers(data)
    yield from _servers(data)


def _form() -> str:
    """Return how the program is installed, which a bug report needs first."""
    if getattr(sys, "frozen", False):
        return "frozen app"
    return "checkout" if (PAGE.parents[1] / "dev.py").exists() else "installed package"


def _check(name: str, check: Callable[[], str], *, needed: bool = False) -> Finding:
    """Return the result of a check, or the sentence of its error."""
    try:
        return Finding(name, True, check(), needed)
    except ShellError as error:
        return Finding(name, False, error.message, needed)


def _data(data: DataDirectory) -> str:
    data.prepare()
    return f"{data.path} can be written"


def _page() -> str:
    page = load_page(PAGE)
    size = sum(len(asset.body) for asset in page.assets.values())
    return f"{len(page.assets)} files, {size / 1_000:,.0f} kB"


def _display() -> Finding:
    problem = display_problem()
    if problem is not None:
        return Finding("display", False, f"{problem} `tidewire serve` works in a browser.")
    chosen = os.environ.get("QT_QPA_PLATFORM")
    return Finding("display", True, f"a window can open{f' ({chosen})' if chosen else ''}")


def _web_view() -> Finding:
    found = []
    for package in ("pywebview", "PySide6_Addons"):
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            if package == "pywebview" or sys.platform == "linux":
                return Finding("web view", False, f"{package} is not installed")
    if sys.platform == "linux" and os.geteuid() == 0:
        found.append("its sandbox is off, because this is root")
    return Finding("web view", True, ", ".join(found))


def _model(data: DataDirectory) -> str:
    files = ModelFiles(data.path)
    weights = files.default()
    files.header(weights)
    weights.verify()
    known = "hash verified" if weights.embedded else "complete; hash unknown"
    return f"{weights.path} ({weights.size / 1_000_000:,.0f} MB), {known}"


def _keyring() -> Finding:
    try:
        # The keychain may wait for a password in a dialog that nobody sees.
        chain = Worker("keychain").submit(system_keychain).result(KEYCHAIN_TIMEOUT_S)
    except TimeoutError:
        return Finding("keyring", False, "the keychain is not responding")
    except Exception as error:
        return Finding("keyring", False, f"the keychain cannot be used ({type(error).__name__})")
    if chain is None:
        text = "no keychain; keys come from the environment or last for one session"
        return Finding("keyring", False, text)
    return Finding("keyring", True, type(chain).__module__.rpartition(".")[2])


def _providers(data: DataDirectory) -> Iterator[Finding]:
    providers, keys = open_providers(data)
    urls = providers.base_urls
    asyncio.run(keys.load(urls))
    for provider_id, provider in providers.items():
        try:
            provider.check()
        except ShellError as error:
            yield Finding(provider_id, False, error.message)
            continue
        status = keys.status(provider_id, urls[provider_id]) if provider_id in urls else None
        if status is not None and status.source is not None:
            text = f"has a key ({status.source}), for {status.host}"
        else:
            text = "runs on this machine" if provider.local else "needs no key"
        yield Finding(provider_id, True, f"{text}; model {provider.default_model_id}")


def _servers(data: DataDirectory) -> Iterator[Finding]:
    """Look for the programs and variables that MCP servers need. Starts nothing, so a program that
    only the login shell finds is reported as missing.
    """
    if not (data.path / MCP_FILE).exists():
        return
    servers = McpServers(data.path, ToolChoices(data.path), os.environ, Keys())
    missing = {**servers.problems, **servers.missing()}
    for name in dict.fromkeys([*(each.name for each in servers.summaries()), *missing]):
        problem = missing.get(name)
        yield Finding(f"mcp {name}", problem is None, problem or "nothing is missing")

"""Builds the documents as a site: `python -m devtools.docs_site FOLDER`.

`dev.py build docs` and a test run it with the packages of `requirements/docs.txt`. A broken link, a
missing anchor or a document that `CONTENTS` does not list fails the build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from devtools.contract_reference import reference

ROOT = Path(__file__).resolve().parents[1]
START = "README.md"
ICON = ROOT / "packaging" / "linux" / "tidewire.svg"
REFERENCE = "docs/contract.md"
"""Generated from the models of the contract."""
CONTENTS = {
    "Use it": ("guide", "tools", "mcp", "templates", "costs", "wire"),
    "Build on it": ("library", "hook", "testing", "markdown", "scripting", "contract"),
    "Work on it": (
        *("/ARCHITECTURE", "/CONTRIBUTING", "conversation", "design", "behaviours", "mutations"),
        *("benchmarks", "releasing", "decisions/README", "/CHANGELOG"),
    ),
}
"""The pages by their names below docs/, or below the root."""
CONF = """\
project = "Tidewire"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "Tidewire"
html_copy_source = False
html_favicon = "icon.svg"
html_show_copyright = False
myst_heading_anchors = 4
"""
LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\(([^()\s:#]+)(#[^()\s]*)?\)")


class BrokenLink(Exception):
    """A document links to a missing file."""


def build(target: Path, root: Path = ROOT, write_reference: Callable[[], str] = reference) -> Path:
    """Write the site into a folder, which it replaces.

    Args:
        target: the folder.
        root: the folder of the documents.
        write_reference: renders the text of the contract's reference.

    Returns:
        The path of its first page.

    Raises:
        BrokenLink: a document links to a missing file.
        subprocess.CalledProcessError: Sphinx has found a problem, which is in its output.
    """
    with tempfile.TemporaryDirectory() as name:
        source, site = Path(name) / "source", Path(name) / "site"
        _lay_out(root, source)
        (source / REFERENCE).write_text(write_reference(), "utf-8")
        options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(Path(name) / "cache")]
        command = [sys.executable, "-m", "sphinx", *options, str(source), str(site)]
        subprocess.run(command, check=True)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(
            site, target, ignore=shutil.ignore_patterns(".buildinfo", "objects.inv", "_sources")
        )
    return target / "index.html"


def documents(root: Path) -> Iterator[Path]:
    """Yield the path of every document and picture, relative to the root."""
    yield from (Path(f"{name.strip('/')}.md") for name in CONTENTS["Work on it"] if name[0] == "/")
    yield Path(START)
    for path in sorted((root / "docs").rglob("*")):
        if path.suffix in (".md", ".png"):
            yield path.relative_to(root)


def _lay_out(root: Path, source: Path) -> None:
    found = {*documents(root), Path(REFERENCE)}
    for path in found - {Path(REFERENCE)}:
        place = source / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            text = _with_site_links((root / path).read_text("utf-8"), root, path, found)
            place.write_text(text, "utf-8")
        else:
            shutil.copyfile(root / path, place)
    (source / START).rename(source / "index.md")
    with (source / "index.md").open("a", encoding="utf-8") as index:
        for caption, names in CONTENTS.items():
            pages = (name if name[0] == "/" else f"/docs/{name}" for name in names)
            index.write(_tree(f":caption: {caption}", *pages))
    with (source / "docs/decisions/README.md").open("a", encoding="utf-8") as decisions:
        decisions.write(_tree(":glob:", "0*"))
    (source / "conf.py").write_text(CONF, "utf-8")
    shutil.copyfile(ICON, source / "icon.svg")


def _tree(option: str, *pages: str) -> str:
    return "\n".join(
        ["", "```{toctree}", ":hidden:", ":titlesonly:", option, "", *pages, "```", ""]
    )


def _with_site_links(text: str, root: Path, path: Path, found: set[Path]) -> str:
    """Return the text, in which links to files outside the site become plain text."""

    def replace(link: re.Match[str]) -> str:
        target = (root / path.parent / link[2]).resolve()
        if not target.exists() or not target.is_relative_to(root):
            raise BrokenLink(f"{path} links to {link[2]}, which is not there")
        inside = target.relative_to(root)
        if inside == Path(START):
            return link[0].replace(START, "index.md")
        return link[0] if inside in found else link[1]

    pieces = re.split(r"(^ *```.*?^ *```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(
        piece if number % 2 else LINK.sub(replace, piece) for number, piece in enumerate(pieces)
    )


if __name__ == "__main__":
    try:
        print(build(Path(sys.argv[1])))
    except (BrokenLink, subprocess.CalledProcessError) as error:
        sys.exit(str(error))

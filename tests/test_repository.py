"""The repository's hygiene: complete locks, and no paths or registries of one machine."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import dev

ROOT = Path(dev.__file__).parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# In two parts each, so that this file does not contain them.
FOREIGN = [
    *(
        "pypi" + ".org",
        "python" + "hosted",
        "npmjs" + ".org",
        "registry" + ".npm",
        "npm" + "mirror",
    ),
    *("/work" + "/", "/root" + "/", "/opt" + "/", "/home" + "/", "/Users" + "/", "C:" + "\\"),
    *("--index" + "-url", "--find" + "-links"),
]
ALLOWED = {
    # Placeholders that stand for a reader's own folder.
    "/home" + "/you",
    "/Users" + "/you",
    # The folder of Homebrew on every Mac.
    "/opt" + "/homebrew",
}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str | None:
    """The file's text, or None for a binary file."""
    content = path.read_bytes()
    return None if b"\0" in content else content.decode()


def pins(lock: Path) -> dict[str, str]:
    """Every locked package with its version."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE))


def manifest() -> Any:
    return json.loads((ROOT / "package.json").read_text("utf-8"))


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    occurrences = []
    for path in tracked():
        for number, line in enumerate((text_of(path) or "").splitlines(), 1):
            for placeholder in ALLOWED:
                line = line.replace(placeholder, "")
            occurrences += [
                f"{path.relative_to(ROOT)}:{number}: {word}" for word in FOREIGN if word in line
            ]
    assert occurrences == []


def test_text_files_have_unix_lines_and_end_in_one() -> None:
    wrong_files = []
    # A recorded stream keeps its original line ends.
    for path in [each for each in tracked() if each.suffix != ".sse"]:
        text = text_of(path)
        if text and ("\r" in text or not text.endswith("\n") or text.endswith("\n\n")):
            wrong_files.append(str(path.relative_to(ROOT)))
    assert wrong_files == []


def test_what_is_installed_or_built_is_not_tracked() -> None:
    untracked = {".venv", "node_modules", ".models", "dist", "build"}
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert names & untracked == set()
    assert not [path for path in tracked() if "shell/page/" in path.as_posix()]


# The page's lock


def test_the_page_lock_has_hashes_and_no_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) > 50
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


def test_the_page_lock_has_every_platform_of_its_tools() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    for name, entry in packages.items():
        for dependency in entry.get("optionalDependencies", {}):
            assert (
                f"node_modules/{dependency}" in packages
                or f"{name}/node_modules/{dependency}" in packages
            )


def test_the_page_packages_are_pinned_exactly() -> None:
    versions = manifest()["dependencies"] | manifest()["devDependencies"]
    assert [
        name
        for name, version in versions.items()
        if not re.fullmatch(r"[\d.]+(-[a-z]+\.\d+)?", version)
    ] == []


def test_npm_scripts_are_aliases_of_the_launcher() -> None:
    assert all(script.startswith("python3 dev.py ") for script in manifest()["scripts"].values())


# Python's locks


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_hashes(lock: Path) -> None:
    blocks = re.split(r"^(?=[a-z0-9.-]+==)", lock.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_locks_are_of_the_declared_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = project["project"]["dependencies"]
    developing = [*declared, *project["dependency-groups"]["dev"]]
    for names, lock in ((declared, "run"), (developing, "dev")):
        locked = pins(ROOT / "requirements" / f"{lock}.txt")
        required = {re.split(r"[\[<>=; ]", name)[0].lower() for name in names}
        assert required <= locked.keys()


def test_tests_run_on_the_versions_that_users_run() -> None:
    run, developing = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("run", "dev"))
    assert {name: developing.get(name) for name in run} == run


def test_the_site_of_the_documents_is_built_beside_the_tests() -> None:
    docs, developing = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("docs", "dev"))
    both = docs.keys() & developing.keys()
    assert "markdown-it-py" in both
    assert {name: docs[name] for name in both} == {name: developing[name] for name in both}


# The launcher


def test_the_launcher_needs_only_the_standard_library() -> None:
    names = set()
    # The launcher starts these with the environment's Python.
    started = {"contract_docs", "contract_ts", "contract_reference", "docs_site"}
    tools = [path for path in (ROOT / "devtools").glob("*.py") if path.stem not in started]
    for path in (ROOT / "dev.py", *tools):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
    assert names - {"devtools"} <= set(sys.stdlib_module_names)


def test_continuous_integration_runs_what_people_run() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "python3 dev.py test" in script


def test_no_test_waits_for_an_expression_that_a_page_may_not_evaluate_twice() -> None:
    """Playwright's `wait_for_function` evaluates an expression, unlike a function, at each poll.

    From the second poll on the content policy refuses that, so that such a test passes only when
    the expression is true at the first poll.
    """
    calls = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in tracked()
        if path.suffix == ".py"
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "wait_for_function"
        and isinstance(call.args[0], ast.Constant)
        and "=>" not in str(call.args[0].value)
    ]
    assert calls == []

"""The bill of materials: nothing that the locks bring is missing, and each has a licence."""

import importlib
import json
import re
from pathlib import Path

import bill
import pytest

from shell import __version__
from tests.command import ROOT

# Packages without a text of their licence. Ours include the texts for Qt and latex2mathml, and
# proxy-tools names the MIT licence.
WITHOUT_TEXT = {
    "pyside6-addons",
    "pyside6-essentials",
    "shiboken6",
    "proxy-tools",
    "latex2mathml",
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "_internal").mkdir()
    return tmp_path


def test_every_package_of_the_lock_that_is_installed_is_in_it(bundle: Path) -> None:
    document = json.loads(bill.write(bundle, None).read_text("utf-8"))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["version"] == __version__
    listed = {component["purl"] for component in document["components"]}
    lock = (ROOT / "requirements" / "run.txt").read_text("utf-8")
    for name, number, options in re.findall(r"^([a-z0-9.-]+)==(\S+)(.*)$", lock, re.MULTILINE):
        if ";" not in options:
            assert f"pkg:pypi/{name}@{number}" in listed


def test_everything_that_vite_has_bundled_is_in_it(bundle: Path) -> None:
    document = json.loads(bill.write(bundle, None).read_text("utf-8"))
    listed = {component["name"] for component in document["components"]}
    assert {"react", "react-dom", "katex", "marked", "highlight.js", "lowlight"} <= listed
    fonts = {component["name"]: component["licenses"] for component in document["components"]}
    for font in ("inter", "source-serif-4", "jetbrains-mono"):
        assert fonts[f"@fontsource-variable/{font}"] == [{"expression": "OFL-1.1"}]
    assert fonts["@fontsource/stix-two-math"] == [{"expression": "OFL-1.1"}]


def test_each_has_its_licence_beside_it(bundle: Path) -> None:
    without = {each.name for each in bill.packages() if not each.texts} - WITHOUT_TEXT
    assert without == set()
    assert [each.name for each in bill.page() if not each.texts] == []
    bill.write(bundle, None)
    assert "GNU LESSER" in (bundle / "licences" / "LGPL-3.0.txt").read_text("utf-8")
    assert "Ronie Martinez" in (bundle / "licences" / "latex2mathml.txt").read_text("utf-8")
    assert "Tidewire" in (bundle / "licences" / "tidewire.txt").read_text("utf-8")
    assert list((bundle / "licences").glob("pydantic-2*/LICENSE"))


def test_the_model_is_named_where_it_is_bundled(bundle: Path) -> None:
    with_model = bill.write(bundle, Path("weights.gguf")).read_text("utf-8")
    without = bill.write(bundle, None).read_text("utf-8")
    assert "SmolLM2-135M-Instruct" in with_model
    assert "SmolLM2" not in without


def test_the_same_content_gives_the_same_bill(bundle: Path) -> None:
    assert bill.write(bundle, None).read_bytes() == bill.write(bundle, None).read_bytes()


def test_a_package_that_replaces_the_reader_of_metadata_changes_nothing() -> None:
    before = list(bill.packages())
    importlib.import_module("keyring")  # on Python 3.11 it does
    assert list(bill.packages()) == before

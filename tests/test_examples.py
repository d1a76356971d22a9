"""The examples that Hypothesis draws in this suite: the same ones in every run."""

import importlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def examples() -> list[str]:
    drawn: list[str] = []

    @given(st.text())
    def draw(text: str) -> None:
        drawn.append(text)

    draw()
    return drawn


def test_examples_do_not_depend_on_the_modules_that_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = examples()
    words = [f"word {number}" for number in range(50)]
    (tmp_path / "module_with_words.py").write_text(f"WORDS = {words}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("module_with_words")
    assert examples() == before

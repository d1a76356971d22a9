"""The generated contract of the page: it is committed and up to date."""

import ast
import importlib
import inspect
from pathlib import Path
from typing import get_args

import pytest
from pydantic import Field

from devtools import contract_ts
from shell import contract
from shell.api.llm import LlmApi
from shell.api.shell import ShellApi
from shell.contract import Value


@pytest.mark.shows("D59", "D60")
def test_the_committed_file_is_what_the_contract_says() -> None:
    assert contract_ts.OUTPUT.read_text("utf-8") == contract_ts.render(), (
        "run `python3 dev.py types`"
    )


def test_check_tells_a_stale_file_from_a_fresh_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contract_ts, "OUTPUT", tmp_path / "contract.ts")
    assert contract_ts.main(["--check"]) == 1
    assert contract_ts.main([]) == 0
    assert contract_ts.main(["--check"]) == 0
    contract_ts.OUTPUT.write_text("// edited by hand", "utf-8")
    assert contract_ts.main(["--check"]) == 1
    assert "dev.py types" in capsys.readouterr().err


@pytest.mark.shows("D59", "B49")
def test_every_public_method_of_every_namespace_has_a_literal_call() -> None:
    text = contract_ts.render()
    for prefix, namespace in {"llm": LlmApi, "shell": ShellApi}.items():
        names = [name for name in vars(namespace) if not name.startswith("_")]
        assert names
        for name in names:
            assert f'"{prefix}.{name}"' in text


def test_events_have_a_required_channel_and_requests_may_leave_out_defaults() -> None:
    text = contract_ts.render()
    events = get_args(get_args(contract.AnyEvent)[0])
    assert text.count('\n  channel: "llm:') == len(events)
    assert "channel?:" not in text
    assert "  stream?: boolean | undefined;" in text
    assert "  count: number;" in text
    assert '  type: "text";' in text


def test_names_in_comments_are_those_of_the_page() -> None:
    text = contract_ts.render()
    assert "`afterSeq`" in text
    assert "after_seq" not in text
    assert "/** Overall deadline. It counts from the start of the run" in text


def test_a_model_that_is_sent_and_told_in_two_shapes_is_refused() -> None:
    class Twice(Value):
        required: int
        left_out: int = Field(default=1)

    writer = contract_ts.Writer()
    contract.Twice = Twice  # type: ignore[attr-defined]
    try:
        writer.add(Twice, "validation")
        with pytest.raises(ValueError, match="two models"):
            writer.add(Twice, "serialization")
    finally:
        del contract.Twice  # type: ignore[attr-defined]


def test_the_package_gives_every_name_of_its_modules_and_the_list_of_modules_is_whole() -> None:
    files = {path.stem for path in Path(contract.__file__).parent.glob("*.py")}
    assert files == {"__init__", *contract_ts.MODULES}
    for name in contract_ts.MODULES:
        module = importlib.import_module(f"shell.contract.{name}")
        for node in ast.parse(inspect.getsource(module)).body:
            defined = node.name if isinstance(node, ast.ClassDef) else None
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                defined = node.targets[0].id
            if defined is not None:
                assert getattr(contract, defined) is getattr(module, defined)

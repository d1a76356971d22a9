"""Tests which file is taken as the model, and the error when there is none."""

import os
from pathlib import Path

import pytest

from shell.errors import ErrorCode, ProviderError
from shell.providers.local.model_files import (
    EMBEDDED_FILE,
    EMBEDDED_ID,
    MODEL_FILE_VARIABLE,
    ModelFiles,
)
from tests.providers.test_gguf import gguf


def put(path: Path, data: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data or gguf())
    return path


def shelf(tmp_path: Path, environ: dict[str, str] | None = None) -> ModelFiles:
    return ModelFiles(tmp_path / "data", environ or {}, tmp_path / "root")


def test_the_order_in_which_the_embedded_model_is_looked_for(tmp_path: Path) -> None:
    places = [
        tmp_path / "data" / "models" / EMBEDDED_FILE,
        tmp_path / "root" / ".models" / EMBEDDED_FILE,
        tmp_path / "root" / "shell" / "models" / EMBEDDED_FILE,
    ]
    for place in places:
        put(place)
        found = shelf(tmp_path).default()
        assert (found.path, found.id, found.embedded) == (place, EMBEDDED_ID, True)
    named = put(tmp_path / "My Model.gguf")
    found = shelf(tmp_path, {MODEL_FILE_VARIABLE: str(named)}).default()
    assert (found.path, found.id, found.embedded) == (named, "my-model", False)


def test_the_users_own_files_are_found_by_their_names(tmp_path: Path) -> None:
    put(tmp_path / "root" / ".models" / EMBEDDED_FILE)
    own = put(tmp_path / "data" / "models" / "Qwen3-4B.Q4_K_M.gguf")
    put(tmp_path / "data" / "models" / "notes.txt")
    found = shelf(tmp_path)
    assert [weights.id for weights in found.all()] == [EMBEDDED_ID, "qwen3-4b.q4_k_m"]
    assert found.find("qwen3-4b.q4_k_m").path == own
    with pytest.raises(ProviderError, match="Available: smollm2-135m-instruct, qwen3") as raised:
        found.find("gpt-9")
    assert raised.value.code is ErrorCode.MODEL_NOT_FOUND


def test_no_file_at_all_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="tidewire model fetch") as raised:
        shelf(tmp_path).default()
    assert raised.value.code is ErrorCode.LOCAL_MODEL_MISSING


def test_a_named_file_that_is_missing_is_not_replaced_by_another(tmp_path: Path) -> None:
    put(tmp_path / "root" / ".models" / EMBEDDED_FILE)
    with pytest.raises(ProviderError, match=r"/nowhere.*does not exist"):
        shelf(tmp_path, {MODEL_FILE_VARIABLE: "/nowhere.gguf"}).default()


def test_a_header_is_read_once_and_anew_when_the_file_changes(tmp_path: Path) -> None:
    path = put(tmp_path / "root" / ".models" / EMBEDDED_FILE, gguf(context=1_000))
    found = shelf(tmp_path)
    first = found.header(found.default())
    assert found.header(found.default()) is first
    path.write_bytes(gguf(context=2_000))
    os.utime(path, ns=(1, 1))
    assert found.header(found.default()).context_tokens == 2_000


def test_the_embedded_model_is_known_by_its_hash(tmp_path: Path) -> None:
    put(tmp_path / "root" / ".models" / EMBEDDED_FILE)
    with pytest.raises(ProviderError, match="is damaged") as raised:
        shelf(tmp_path).default().verify()
    assert raised.value.code is ErrorCode.LOCAL_MODEL_MISSING
    put(tmp_path / "own.gguf")
    shelf(tmp_path, {MODEL_FILE_VARIABLE: str(tmp_path / "own.gguf")}).default().verify()

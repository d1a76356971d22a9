"""Tests which file becomes the model, and the error without a file."""

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


def write_file(path: Path, data: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data or gguf())
    return path


def model_files(tmp_path: Path, environ: dict[str, str] | None = None) -> ModelFiles:
    return ModelFiles(tmp_path / "data", environ or {}, tmp_path / "root")


def test_the_order_in_which_the_embedded_model_is_looked_for(tmp_path: Path) -> None:
    places = [
        tmp_path / "data" / "models" / EMBEDDED_FILE,
        tmp_path / "root" / ".models" / EMBEDDED_FILE,
        tmp_path / "root" / "shell" / "models" / EMBEDDED_FILE,
    ]
    for place in places:
        write_file(place)
        model_file = model_files(tmp_path).default()
        assert (model_file.path, model_file.id, model_file.embedded) == (place, EMBEDDED_ID, True)
    named = write_file(tmp_path / "My Model.gguf")
    model_file = model_files(tmp_path, {MODEL_FILE_VARIABLE: str(named)}).default()
    assert (model_file.path, model_file.id, model_file.embedded) == (named, "my-model", False)


def test_the_users_own_files_are_found_by_their_names(tmp_path: Path) -> None:
    write_file(tmp_path / "root" / ".models" / EMBEDDED_FILE)
    own = write_file(tmp_path / "data" / "models" / "Qwen3-4B.Q4_K_M.gguf")
    write_file(tmp_path / "data" / "models" / "notes.txt")
    files = model_files(tmp_path)
    assert [weights.id for weights in files.all()] == [EMBEDDED_ID, "qwen3-4b.q4_k_m"]
    assert files.find("qwen3-4b.q4_k_m").path == own
    with pytest.raises(ProviderError, match="Available: smollm2-135m-instruct, qwen3") as raised:
        files.find("gpt-9")
    assert raised.value.code is ErrorCode.MODEL_NOT_FOUND


def test_no_file_at_all_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="tidewire model fetch") as raised:
        model_files(tmp_path).default()
    assert raised.value.code is ErrorCode.LOCAL_MODEL_MISSING


def test_a_named_file_that_is_missing_is_not_replaced_by_another(tmp_path: Path) -> None:
    write_file(tmp_path / "root" / ".models" / EMBEDDED_FILE)
    with pytest.raises(ProviderError, match=r"/nowhere.*does not exist"):
        model_files(tmp_path, {MODEL_FILE_VARIABLE: "/nowhere.gguf"}).default()


def test_a_header_is_read_once_and_anew_when_the_file_changes(tmp_path: Path) -> None:
    path = write_file(tmp_path / "root" / ".models" / EMBEDDED_FILE, gguf(context=1_000))
    files = model_files(tmp_path)
    first = files.header(files.default())
    assert files.header(files.default()) is first
    path.write_bytes(gguf(context=2_000))
    os.utime(path, ns=(1, 1))
    assert files.header(files.default()).context_tokens == 2_000


def test_the_embedded_model_is_known_by_its_hash(tmp_path: Path) -> None:
    write_file(tmp_path / "root" / ".models" / EMBEDDED_FILE)
    with pytest.raises(ProviderError, match="is damaged") as raised:
        model_files(tmp_path).default().verify()
    assert raised.value.code is ErrorCode.LOCAL_MODEL_MISSING
    write_file(tmp_path / "own.gguf")
    model_files(tmp_path, {MODEL_FILE_VARIABLE: str(tmp_path / "own.gguf")}).default().verify()

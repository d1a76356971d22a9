"""GGUF headers: the real one is read, and no other file gets past."""

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shell.errors import ErrorCode, ProviderError
from shell.providers.local import gguf as header_of
from shell.providers.local.gguf import read_header


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def gguf(*extra: bytes, context: int = 4_096, template: str = "", weights: int = 64) -> bytes:
    """A small file with one tensor of `weights` numbers of four bytes."""
    entries = [
        entry("general.architecture", 8, text("llama")),
        entry("general.name", 8, text("Small")),
        entry("llama.context_length", 4, struct.pack("<I", context)),
        entry("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("b")),
        entry("tokenizer.ggml.scores", 9, struct.pack("<IQ", 6, 2) + bytes(8)),
        entry("tokenizer.chat_template", 8, text(template)),
        *extra,
    ]
    tensor = text("weights") + struct.pack("<IQIQ", 1, weights, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(entries)) + b"".join(entries) + tensor
    return head + bytes(-len(head) % 32) + bytes(weights * 4)


def test_a_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    path.write_bytes(gguf(template="{% if tools %}<think>"))
    header = read_header(path)
    assert (header.architecture, header.name, header.context_tokens) == ("llama", "Small", 4_096)
    assert (header.tools, header.reasoning, header.system_prompt) == (True, True, True)


def test_a_template_that_refuses_a_system_prompt(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    path.write_bytes(gguf(template="{{ raise_exception('System role not supported') }}"))
    assert not read_header(path).system_prompt


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a GGUF file"),
        (b"GG", "is not a GGUF file"),
        (b"Dear diary, this is no model.\n" * 50, "is not a GGUF file"),
        (b"GGUF", "is damaged"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "version"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**63, 1), "is damaged"),
        (gguf()[:-1], "1 bytes are missing"),
        (gguf()[:60], "is damaged"),
        (gguf(entry("x", 9, struct.pack("<IQ", 8, 2**62))), "is not complete"),
        (gguf(entry("x", 9, struct.pack("<IQ", 0, 2**62))), "is not complete"),
        (gguf(entry("x", 9, struct.pack("<IQ", 99, 1))), "is damaged"),
        (gguf(entry("x", 99, b"")), "is damaged"),
        (gguf(entry("x", 9, struct.pack("<IQ", 9, 1) * 20)), "is damaged"),
    ],
    ids=lambda value: None if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_model_is_refused_in_a_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    with pytest.raises(ProviderError, match=words) as raised:
        read_header(path)
    assert raised.value.code is ErrorCode.LOCAL_MODEL_MISSING
    assert str(path) in raised.value.message


def test_a_directory_and_nothing(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.gguf"):
        with pytest.raises(ProviderError, match="is not a file"):
            read_header(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), length=st.integers(0, 10_000))
def test_any_damage_ends_in_a_header_or_a_sentence(
    tmp_path: Path, place: int, byte: int, length: int
) -> None:
    data = bytearray(gguf(template="{{ tools }}"))
    data[place % len(data)] = byte
    path = tmp_path / "model.gguf"
    path.write_bytes(data[: length % (len(data) + 1) or len(data)])
    with contextlib.suppress(ProviderError):
        read_header(path)


def nested(arrays: int) -> bytes:
    empty = struct.pack("<IQ", 0, 0) * arrays
    return struct.pack("<IQ", 9, arrays) + empty


@pytest.mark.parametrize("kind", ["arrays", "strings", "arrays in two entries"])
def test_more_items_than_a_model_has_are_not_passed_over(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(header_of, "MAX_ITEMS", 1_000)
    strings = struct.pack("<IQ", 8, 1_001) + bytes(8 * 1_001)
    extra = {
        "arrays": [entry("x", 9, nested(1_001))],
        "strings": [entry("x", 9, strings)],
        "arrays in two entries": [entry("x", 9, nested(600)), entry("y", 9, nested(600))],
    }[kind]
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf(*extra))
    with pytest.raises(ProviderError, match="too much metadata"):
        read_header(path)


def test_a_huge_text_of_a_header_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf(template="tools" + "x" * header_of.MAX_TEXT))
    assert read_header(path).chat_template == ""
    path.write_bytes(gguf(entry("general.name", 8, text("\x1b]52;c;x"))))
    assert read_header(path).name == ""

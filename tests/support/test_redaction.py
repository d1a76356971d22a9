"""Redaction removes every spelling of a secret, and changes nothing else."""

import base64
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.support.redaction import REPLACEMENT, redact, redact_pieces

KEY = "sk-proj-Zx9/+qTe3st=Key&0123456789abcdefWXYZ"


@pytest.mark.parametrize(
    "text",
    [
        "The key sk-other-key is wrong",
        "… and so on ... ** bold **",
        "sk-proj- is how keys begin",
        "a [key] in brackets",
        "",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redact(text, [KEY]) == text


def test_short_secrets_are_left_alone() -> None:
    assert redact("an apple", ["a", "", "  "]) == "an apple"


@given(
    before=st.text(max_size=20),
    after=st.text(max_size=20),
    secret=st.text("abcXYZ019-_/+=&", min_size=8),
)
def test_no_spelling_survives(before: str, after: str, secret: str) -> None:
    for spelling in (secret, quote(secret, safe=""), secret.encode().hex()):
        assert spelling not in redact(f"{before}{spelling}{after}", [secret])
    encoded = base64.b64encode(f"{secret}".encode()).decode()
    if len(encoded) > 14:
        assert encoded not in redact(f"{before} {encoded} {after}", [secret])


def test_several_secrets_and_several_times() -> None:
    text = redact(f"{KEY},{KEY} and other-secret", [KEY, "other-secret"])
    assert text == f"{REPLACEMENT},{REPLACEMENT} and {REPLACEMENT}"


@pytest.mark.parametrize("filler", ["x", "*", ".", " ", "=", KEY[:12], "sk-proj-***"])
def test_a_long_text_does_not_take_long(filler: str) -> None:
    text = filler * (200_000 // len(filler))
    began = time.process_time()
    redact(text, [KEY])
    assert time.process_time() - began < 2


def test_many_pieces_do_not_take_long() -> None:
    pieces = [f"{KEY} "] * 16_000
    began = time.process_time()
    assert redact_pieces(pieces, [KEY]) == [f"{REPLACEMENT} "] * 16_000
    assert time.process_time() - began < 4


@given(
    pieces=st.lists(st.sampled_from(["", "a", KEY, KEY[:20], KEY[20:], f"{KEY} b {KEY}", KEY[:5]]))
)
def test_secrets_are_removed_from_pieces_as_from_the_whole_text(pieces: list[str]) -> None:
    redacted = redact_pieces(pieces, [KEY])
    assert len(redacted) == len(pieces)
    assert "".join(redacted) == redact("".join(pieces), [KEY])

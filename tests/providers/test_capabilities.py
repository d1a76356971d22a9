"""Capabilities: the table that ships, and the user's own table, which takes precedence."""

import logging
from pathlib import Path

import pytest

from shell.providers.capabilities import BUILT_IN, Capabilities, read_table

OPENAI_REFUSES = ["gpt-5.4-mini", "gpt-6.2-sol", "gpt-5", "o3", "o4-mini"]


def test_the_table_is_whole() -> None:
    table = read_table(BUILT_IN)
    assert table.date.year >= 2026
    assert {entry.provider for entry in table.model} == {
        "anthropic",
        "openai",
        "google",
        "local",
        "*",
    }
    for provider in ("anthropic", "openai", "google"):
        entries = [entry for entry in table.model if entry.provider == provider]
        assert entries[-1].match == "*", "the last one is for models that nobody knows yet"
        for place, entry in enumerate(entries):
            example = entry.match.replace("*", "x").replace("[78]", "7").replace("[5-9]", "9")
            example = example.replace("[1-9]", "1")
            first = Capabilities().known(provider)[place]
            assert first == entry
            assert Capabilities().info(provider, example) == entry.info(example), entry.match


@pytest.mark.parametrize("model", OPENAI_REFUSES)
def test_models_that_reason_take_no_temperature(model: str) -> None:
    info = Capabilities().info("openai", model)
    assert (info.temperature_max, info.temperature_default) == (None, None)
    assert info.silent_reasoning


def test_a_model_that_is_newer_than_the_table_gets_no_temperature_unasked() -> None:
    info = Capabilities().info("openai", "gpt-12")
    assert (info.temperature_max, info.temperature_default) == (2.0, None)
    assert Capabilities().info("anthropic", "claude-9").temperature_max is None


@pytest.mark.parametrize(
    ("model", "highest"),
    [("claude-sonnet-5-5", None), ("claude-opus-4-8", None), ("claude-haiku-4-5-20251001", 1.0)],
)
def test_anthropics_temperatures(model: str, highest: float | None) -> None:
    assert Capabilities().info("anthropic", model).temperature_max == highest


def test_an_unknown_provider_gets_the_general_guess() -> None:
    info = Capabilities().info("ollama", "llama3")
    assert (info.id, info.temperature_max, info.images) == ("llama3", 2.0, False)


def test_the_users_own_table_goes_first(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(
        'date = 2027-01-01\n[[model]]\nprovider = "openai"\nmatch = "gpt-5*"\ncontext = 99\n'
    )
    own = Capabilities(tmp_path)
    assert own.info("openai", "gpt-5.4-mini").context_tokens == 99
    assert own.info("openai", "gpt-4o").context_tokens == 128_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not = toml = at all", "is not used"),
        ("[[model]]\n", "date: Field required"),
        ('date = 2027-01-01\n[[model]]\nprovider = "x"\nmatch = "*"\ncontxt = 1\n', "contxt"),
        ('date = 2027-01-01\n[[model]]\nprovider = "x"\nmatch = "*"\ncontext = 0\n', "context"),
        ('date = 2027-01-01\n[[model]]\nprovider = "x"\nmatch = "*"\ntemperature = nan\n', "temp"),
    ],
)
def test_a_table_that_cannot_be_understood_is_left_out_and_said(
    tmp_path: Path, text: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models.toml").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert Capabilities(tmp_path).info("openai", "gpt-4o").context_tokens == 128_000
    assert words in caplog.text

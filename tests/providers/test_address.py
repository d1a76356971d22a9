"""Base URLs as people type or copy them."""

import pytest

from shell.providers.custom import CustomProvider
from shell.providers.http.address import complete_address


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("localhost:8080", "http://localhost:8080/v1"),
        ("127.0.0.1:1234", "http://127.0.0.1:1234/v1"),
        ("[::1]:1234/", "http://[::1]:1234/v1"),
        ("attic:8080", "http://attic:8080/v1"),
        ("Attic.local:8080", "http://Attic.local:8080/v1"),
        ("attic.home.arpa", "http://attic.home.arpa/v1"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        (" https://api.example.com ", "https://api.example.com/v1"),
        ("api.example.com/openai/v1", "https://api.example.com/openai/v1"),
        ("https://api.example.com/v1/chat/completions", "https://api.example.com/v1"),
        ("https://api.example.com/chat/completions", "https://api.example.com/v1"),
        ("https://api.example.com/v1/models?key=a", "https://api.example.com/v1?key=a"),
        ("https://api.perplexity.ai/chat/completions", "https://api.perplexity.ai"),
    ],
)
def test_what_is_lacking_is_added(address: str, whole: str) -> None:
    assert complete_address(address, has_version=True) == whole


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080/v1",
        "https://api.example.com/v1/",
        "https://openrouter.ai/api/v1",
        "https://api.perplexity.ai",
        "http://far.example/inference",
        "",
        "nonsense",
        "ftp://example.com",
        "javascript:alert(1)",
        "user:word@example.com",
        "http://[x",
        "sk-a-key-in-the-wrong-place",
    ],
)
def test_what_is_whole_or_no_address_stays(address: str) -> None:
    assert complete_address(address, has_version=True) == address


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "127.0.0.1:9/v1/messages"])
def test_the_api_of_anthropic_has_its_version_in_its_calls(address: str) -> None:
    provider, remark = CustomProvider(
        id="mine", kind="anthropic", base_url=address
    ).with_complete_address()
    assert provider.base_url == "http://127.0.0.1:9"
    assert remark is not None


def test_what_was_changed_is_said_without_a_password() -> None:
    provider, remark = CustomProvider(
        id="mine", base_url="http://me:secret@127.0.0.1:9"
    ).with_complete_address()
    assert provider.base_url == "http://me:secret@127.0.0.1:9/v1"
    assert remark is not None
    assert remark.facts == {"address": "http://127.0.0.1:9/v1"}
    assert "secret" not in remark.text

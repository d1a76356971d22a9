"""Titles as plain text: Markdown's markup is removed, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.store.messages.markdown_text import plain
from shell.store.messages.tree import TITLE_CHARACTERS, first_words
from shell.store.search.snippet import MAX_LENGTH, snippet


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("## Tides in short\n\nThe **tide** comes", "Tides in short The tide comes"),
        ("# One #\n> - [x] *two* and ***three***", "One two and three"),
        ("1. first\n2) second", "first second"),
        ('see [a page](https://a.example/b "t") and ![a cat](cat.png)', "see a page and a cat"),
        ("use `a*b*c` or ``x``", "use a*b*c or x"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("~~gone~~ here\n---\nthere", "gone here there"),
        ("_all of it_ and __all of that__", "all of it and all of that"),
        (r"3 \* 4 \# no", "3 * 4 # no"),
        # None of these is Markdown.
        ("2 * 3 * 4 = 24, 2*3*4", "2 * 3 * 4 = 24, 2*3*4"),
        ("what does __init__ do in my_own_file.py", "what does __init__ do in my_own_file.py"),
        ("#hashtag and C# and -5 and 1.5", "#hashtag and C# and -5 and 1.5"),
        ("f(x)[0](1) > 2", "f(x)[0](1) > 2"),
    ],
)
def test_signs_go_and_words_stay(text: str, words: str) -> None:
    assert plain(text) == words


def test_a_message_of_signs_alone_has_a_title() -> None:
    assert first_words("***\n---") == "*** ---"


@given(st.text(alphabet="ab *_`~#>[]()!\\\n-1.", max_size=600))
def test_it_ends_soon_and_fits(text: str) -> None:
    assert len(first_words(text)) <= TITLE_CHARACTERS + 1
    assert set(plain(text)) <= {*text, " "}


@pytest.mark.parametrize("piece", ["*", "_", "[", "`", "> ", "_a ", "*a ", "[a](", "- "])
def test_no_text_takes_long(piece: str) -> None:
    # A pattern that goes back and forth over this would take minutes.
    assert first_words(piece * 100_000) != ""


@pytest.mark.parametrize(
    ("text", "line", "marked"),
    [
        ("## The sea\n\n> It is **very salty**, see [a book](https://sea.example/)", None, "salty"),
        ("word " * 200 + "it is **very salty** and `deep`. " + "word " * 200, None, "salty"),
        # A match that is only in an address is shown as it was written.
        ("look [here](https://sea.example/)", "look [here](https://sea.example/)", "sea"),
    ],
)
def test_an_excerpt_shows_words_and_no_marks(text: str, line: str | None, marked: str) -> None:
    shown, marks = snippet(text, [marked])
    assert [shown[mark.start : mark.end] for mark in marks] == [marked]
    if line is None:
        assert not {*shown} & {*"*`#>[]"}, shown
        assert len(shown) <= MAX_LENGTH + 2
    else:
        assert shown == line

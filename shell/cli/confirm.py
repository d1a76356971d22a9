"""Asks for consent on the terminal."""

import sys


def confirm(question: str) -> bool:
    """Ask on stderr, because stdout may be a file; returns whether the person agrees."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # Ctrl-D
        print(file=sys.stderr)
    return answer.strip().lower() in ("y", "yes")

"""The bridge beside its alternatives: the same tokens and calls by each, in turns.

python -m benchmarks bridge [--full] [--json FILE]
"""


def main(arguments: list[str]) -> int:
    """Measure, print the table, and write the figures. Returns the exit status."""
    # Here, since the peers' programs import this package in environments of their own.
    from benchmarks.bridge.bench import run

    return run(arguments)

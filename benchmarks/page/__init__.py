"""The page's renderer beside others: the same streamed answer by each, in a browser.

With --window it is the web view of a real window, else a headless Chromium.

python -m benchmarks page [--full] [--window] [--json FILE]
"""


def main(arguments: list[str]) -> int:
    """Measure and report. Returns the exit status, which is 1 when a bar was missed."""
    # Here, since it needs Playwright, and listing the benchmarks does not.
    from benchmarks.page.bench import run

    return run(arguments)

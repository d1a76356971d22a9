"""The example with remote debugging: `python -m tests.window.example`."""

from examples.counter.app import app

if __name__ == "__main__":
    app.run(debug_port=0)

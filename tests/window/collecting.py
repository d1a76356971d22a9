"""The toy host with Python's collector always at work, in a thread that is not the windows' own.

As a busy host's collector would be, now and then: what Qt made must not be left for it to delete.
"""

import gc
import threading
import time

from tests.window.toy import main


def collect() -> None:
    while True:
        gc.collect()
        time.sleep(0.02)


if __name__ == "__main__":
    threading.Thread(target=collect, daemon=True).start()
    main()

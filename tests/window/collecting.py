"""Runs the toy host while another thread collects Python's garbage all the time.

The collector of a busy host may run at any moment too, and must not be the one that deletes an
object of Qt.
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

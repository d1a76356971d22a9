"""`tidewire link`: prints a link to the page that `tidewire serve` hands out."""

import http.client
import json
import secrets
import sys
from urllib.parse import urlsplit

from shell.bridge.browser.tokens import is_proof, prove
from shell.errors import ErrorCode, ShellError
from shell.support.data_directory import DataDirectory

ANSWER_S = 5.0


class NothingServed(ShellError):
    """There is no `tidewire serve` on this data directory."""

    code = ErrorCode.NOT_FOUND


def link(data: DataDirectory) -> int:
    """Ask the running host for a link, and print it."""
    sys.stdout.write(f"{_new_link(data)}\n")
    return 0


def _new_link(data: DataDirectory) -> str:
    """A link from the host of this data directory.

    Another program may have the port of a host that was killed. Host and command prove to each
    other that they can read the data directory, so it learns nothing and its answer is not taken.

    Raises:
        NothingServed: there is no such host, or it serves no browsers.
    """
    told = data.told()
    address, key = str(told.get("address", "")), str(told.get("key", ""))
    nonce = secrets.token_hex(16)
    answer: dict[str, object] = {}
    if address and key:
        proof = prove(key, "page", nonce)
        answer = _post(urlsplit(address).netloc, f"Owner {nonce}.{proof}")
    url = str(answer.get("url"))
    if not (address and key and is_proof(str(answer.get("proof")), key, "host", nonce, url)):
        raise NothingServed(
            f"No 'tidewire serve' is running with the data directory {data.path}. "
            "Start it, or name its directory with --data-dir."
        )
    return url


def _post(host: str, authorization: str) -> dict[str, object]:
    connection = http.client.HTTPConnection(host, timeout=ANSWER_S)
    try:
        connection.request("POST", "/link", headers={"Authorization": authorization})
        response = connection.getresponse()
        answer = json.loads(response.read(100_000))
        return answer if isinstance(answer, dict) else {}
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()

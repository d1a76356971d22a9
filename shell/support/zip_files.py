"""Opens members of zip files that may be damaged or hostile."""

import zipfile
import zlib
from typing import IO

BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""Errors of a zip file that is damaged, encrypted or of an unknown kind."""


def open_member(zipped: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a member of a zip file. Its damage raises one of BROKEN_ZIP, here or while it is read.

    Refuses bzip2, whose damage raises an OSError as a faulty disk does, and LZMA.
    """
    if zipped.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError("it uses an unknown compression")
    return zipped.open(name)

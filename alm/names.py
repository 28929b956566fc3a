"""Names of files: as text, which goes into outputs, and as this process has to ask for them.

On disk a name is bytes, which nearly everywhere are UTF-8; outputs, plans and configurations hold
that text. Python decodes names by the locale instead, so in one of another encoding they are other
strings: these two functions lead from one to the other, and change nothing where it is UTF-8.
"""

from __future__ import annotations

import os
from locale import getpreferredencoding

from alm.errors import ManifestError


def as_text(path: str) -> str:
    """A path from outside as text, whether it is that already or was decoded by the locale.

    Only for what comes from a configuration, a command line or a folder, and once: in a locale of
    eight bits a text may look like another one that was decoded by it.
    A name that is no UTF-8 stays as it is, with lone surrogates.
    """
    try:
        return os.fsencode(path).decode("utf-8")
    except UnicodeError:
        return path


def as_local(text: str) -> str:
    """A path as the functions of Python want it in this locale."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def shown(text: str) -> str:
    """A text with all escaped that a terminal or a log in this locale cannot show."""
    encoding = getpreferredencoding(do_setlocale=False)
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def require_text(text: str) -> None:
    """Refuse the path of a manifest that is no text.

    Raises:
        ManifestError: its name is no UTF-8.
    """
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        escaped = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        raise ManifestError(
            f"the name of manifest '{escaped}' is not UTF-8, and could not be written into the "
            "output: rename it, or leave it out"
        )

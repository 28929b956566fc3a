"""An object behind a URL as soundfile reads it: mostly onwards, here and there when it searches.

A search takes a few kB at a time, and what is read one after the other comes in ever larger ranges,
so that little is fetched for nothing.
"""

from __future__ import annotations

import io

from alm.errors import ManifestError

LEAST_BYTES = 16 << 10
"""Of a range request, right after a jump; twice as many each time while reading goes on."""


class Fetched:
    """A file for soundfile, which calls it from C and cannot hand on what it would raise.

    Args:
        raw: the object; each of its reads is a request.
        most: bytes of a request.

    Attributes:
        failure: why the storage did not answer, if it did not: to be raised in the end.
    """

    def __init__(self, raw: io.RawIOBase, most: int) -> None:
        self.failure: ManifestError | None = None
        self._raw, self._most = raw, most
        self._at = self._begin = 0
        self._held = b""
        self._ahead = LEAST_BYTES

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte; nothing is fetched yet."""
        if whence == io.SEEK_END:
            offset += self._raw.seek(0, io.SEEK_END)
        self._at = offset + (self._at if whence == io.SEEK_CUR else 0)
        return self._at

    def tell(self) -> int:
        """The byte that is read next."""
        return self._at

    def read(self, size: int) -> bytes:
        """The next bytes, fewer only at the end, none once the storage did not answer."""
        try:
            while not (self.failure or self._holds(self._at + size)) and self._fetch():
                pass
        except ManifestError as error:
            self.failure = error
        if self.failure:
            return b""
        first = self._at - self._begin
        found = self._held[first : first + size]
        self._at += len(found)
        return found

    def _holds(self, stop: int) -> bool:
        return self._begin <= self._at and stop <= self._begin + len(self._held)

    def _fetch(self) -> bool:
        """Get what comes next; whether there was something."""
        end = self._begin + len(self._held)
        if self._begin <= self._at <= end:
            self._held, self._begin = self._held[self._at - self._begin :], self._at
        else:
            self._held, self._begin, end = b"", self._at, self._at
            self._ahead = LEAST_BYTES
        self._raw.seek(end)
        found = self._raw.read(self._ahead) or b""
        self._ahead = min(self._most, 2 * self._ahead)
        self._held += found
        return bool(found)

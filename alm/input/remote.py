"""Manifests behind URLs, by fsspec; imported libraries and credentials are those of its users.

Nothing secret passes through here: the libraries find credentials themselves, in the environment
or in ~/.aws, and a URL that contains some is refused.
"""

from __future__ import annotations

import glob
import io
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import unquote, urlsplit

from alm.errors import ManifestError
from alm.input.ranges import Manifest, changed

T = TypeVar("T")

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "https": "aiohttp", "http": "aiohttp"}
"""What reads a scheme, beside fsspec."""

BLOCK_BYTES = 4 << 20
"""Of a range request: one is held at a time, and the next is asked for when it has been read."""

RETRIES = 4
FIRST_PAUSE = 0.5
"""Seconds, twice as long each time. s3fs and gcsfs repeat requests themselves, for HTTP it is
done here."""

BUSY = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP statuses that may be gone the next time."""

_URL = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://")
_AFTER_PATH = re.compile(r"[;?#]")
_SECRET = re.compile(
    r"sig|token|secret|credential|key|pwd|jwt|auth(?!ors?(?![a-z]))|pass(w|phrase|(?![a-z]))"
    r"|(?<![a-z])sas(?![a-z])|\Acode\Z",
    re.IGNORECASE,
)
"""Names of parameters that hold something secret, and few that do not."""


def is_url(path: str) -> bool:
    """Whether a manifest is to be fetched, rather than read from a file system."""
    return _URL.match(path) is not None


def stat(url: str) -> Manifest:
    """The manifest at ``url``.

    Raises:
        ManifestError: it does not exist or cannot be reached.
    """
    fs, path = _filesystem(url)
    with _explained(url):
        info = _retried(lambda: fs.info(path))
    return _manifest(url, info)


def search(url: str) -> tuple[str, list[Manifest]]:
    """What ``url`` names, in words, and all that lies there: an object, a prefix or a glob.

    Raises:
        ManifestError: it names nothing, or cannot be reached.
    """
    fs, path = _filesystem(url)
    scheme = _scheme(url)
    with _explained(url):
        try:
            info = _retried(lambda: fs.info(path))
        except FileNotFoundError:
            if scheme not in ("s3", "gs") or not glob.has_magic(path):
                raise
            what, found = "the glob", fs.glob(path, detail=True)
        else:
            if info["type"] == "file":
                return "the object", [_manifest(url, info)]
            what, found = "the prefix", fs.find(path, detail=True)
    files = [each for each in found.values() if each["type"] == "file"]
    return what, [_manifest(f"{scheme}://{each['name']}", each) for each in files]


@contextmanager
def opened(
    url: str, version: str, meter: Callable[[int], object] = lambda size: None
) -> Iterator[BinaryIO]:
    """The object at ``url``, read by range requests of ``BLOCK_BYTES``.

    Args and raises: as :func:`requested`.
    """
    with requested(url, version, meter) as source, io.BufferedReader(source, BLOCK_BYTES) as file:
        yield file


@contextmanager
def requested(
    url: str, version: str, meter: Callable[[int], object] = lambda size: None
) -> Iterator[io.RawIOBase]:
    """The object at ``url``, each read one range request, whose size goes to a meter.

    Raises:
        ManifestError: at the beginning or while it is read: it cannot be, or it is, or becomes,
            another one than ``version``, unless that is empty.
    """
    fs, path = _filesystem(url)
    before = stat(url)
    if version not in ("", before.version):
        raise changed(url)
    with _explained(url):
        source = fs.open(path, "rb", cache_type="none", size=before.size)
    with source:
        yield _Object(source, before, meter)
    if stat(url).version != before.version:
        raise changed(url)


class _Object(io.RawIOBase):
    """An object as a raw file: each read is one range request, repeated when it fails."""

    def __init__(self, source: Any, manifest: Manifest, meter: Callable[[int], object]) -> None:
        self._source, self._meter = source, meter
        self._url, self._size = manifest.path, manifest.size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + {0: 0, 1: self._position, 2: self._size}[whence]
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        with _explained(self._url):
            data = _retried(lambda: self._fetch(wanted))
        buffer[: len(data)] = data
        self._position += len(data)
        self._meter(len(data))
        return len(data)

    def _fetch(self, size: int) -> bytes:
        self._source.seek(self._position)
        return cast(bytes, self._source.read(size))


def _filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the path in it."""
    _refuse_secrets(url)
    scheme = _scheme(url)
    if scheme not in PACKAGES:
        raise ManifestError(
            f"manifest {url!r}: {scheme}:// cannot be read; "
            f"use a path or {', '.join(f'{known}://' for known in PACKAGES)}"
        )
    identity = {"headers": {"Accept-Encoding": "identity"}} if scheme.startswith("http") else {}
    try:
        import fsspec

        fs = fsspec.filesystem(scheme, use_listings_cache=False, **identity)
    except ImportError as error:
        raise ManifestError(
            f"manifest {url!r}: reading {scheme}:// needs {PACKAGES[scheme]} ({error}): "
            f"pip install fsspec {PACKAGES[scheme]}"
        ) from error
    return fs, url if scheme.startswith("http") else url.partition("://")[2]


def _scheme(url: str) -> str:
    return url.partition("://")[0]


def _refuse_secrets(url: str) -> None:
    """Paths go into outputs and logs, so nothing secret may be part of one."""
    resource, *rest = _AFTER_PATH.split(url, maxsplit=1)
    parameters = re.split("[;?#&/]", rest[0] if rest else "")
    names = [unquote(parameter.partition("=")[0]).strip() for parameter in parameters]
    parts = urlsplit(resource)
    if "@" in parts.netloc or any(map(_SECRET.search, names)):
        place = parts.netloc.rpartition("@")[2]
        raise ManifestError(
            f"manifest {parts.scheme}://{place}{parts.path}: the URL contains credentials, and it "
            "would be written into outputs and logs. Take them out of it: they belong into the "
            "environment or the files where the tools of the storage look for them"
        )


def _manifest(url: str, info: dict[str, Any]) -> Manifest:
    if info.get("size") is None:
        raise ManifestError(
            f"manifest {url!r}: its server does not tell its size, without which no run can be "
            "planned; download it first"
        )
    names = ("ETag", "etag", "generation", "Last-Modified", "LastModified", "mtime")
    version = next((str(info[name]) for name in names if info.get(name)), "")
    return Manifest(url, int(info["size"]), version)


def _retried(request: Callable[[], T]) -> T:
    for attempt in range(RETRIES):
        try:
            return request()
        except Exception as error:
            if not _may_pass(error):
                raise
        time.sleep(FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.5))
    return request()


def _may_pass(error: BaseException) -> bool:
    """Whether an error of aiohttp is worth another try; what s3fs raises was tried again."""
    error = _cause(error)
    import aiohttp

    if isinstance(error, aiohttp.ClientResponseError):
        return error.status in BUSY
    return isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError)


def _cause(error: BaseException) -> BaseException:
    """What aiohttp raised, where fsspec calls everything that fails over HTTP a missing file."""
    cause = error.__cause__
    from_http = isinstance(error, FileNotFoundError) and type(cause).__module__[:7] == "aiohttp"
    return cause if cause and from_http else error


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn what the libraries raise into one line that names the URL and what to do.

    What a server says about credentials is left out: some quote them.
    """
    try:
        yield
    except ManifestError:
        raise
    except Exception as error:
        cause = _cause(error)
        status = getattr(cause, "status", None)
        name = type(cause).__name__
        if name == "FileExpired" or status == 412:
            raise changed(url) from error
        if isinstance(cause, PermissionError) or "Credentials" in name or status in (401, 403):
            problem = (
                f"access is refused ({name}): check the credentials, which are looked for in the "
                "environment and the files of the storage's own tools (for s3:// "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE and ~/.aws; "
                "AWS_ENDPOINT_URL for a server of your own), and that they may read it"
            )
        elif isinstance(cause, FileNotFoundError) or status in (404, 410):
            problem = "it does not exist; check its spelling and the endpoint"
        else:
            problem = (
                f"{name}: {str(cause).splitlines()[0][:300] if str(cause) else 'no message'}; "
                "check the network and the endpoint, then start again: what is done stays done"
            )
        raise ManifestError(f"cannot read manifest {url!r}: {problem}") from error

"""Nothing is unpickled that does not come from a process of our own user."""

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alm.engines.client import _connection_to
from alm.engines.driver import accept_our_own

NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user")

LISTEN = """
import os, pathlib, socket, sys
os.umask(0)
folder, mode = pathlib.Path(sys.argv[1]), int(sys.argv[2], 8)
if not folder.exists():
    folder.mkdir(mode=mode)
listener = socket.socket(socket.AF_UNIX)
listener.bind(str(folder / "socket"))
listener.listen()
print("listening", flush=True)
client, _ = listener.accept()
print(client.recv(1), flush=True)
"""

CONNECT = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.sendall(b"\\0\\0\\0\\4evil")
print("first in the queue", flush=True)
print(client.recv(1), flush=True)
"""


@contextmanager
def as_user(user: int, program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    # Python itself may lie where only root can read it.
    program = (
        f"import os, pathlib, socket, sys\nif os.geteuid() != {user}: os.setuid({user})\n{program}"
    )
    command = [sys.executable, "-c", program, *arguments]
    process = subprocess.Popen(
        command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def listening(user: int, folder: Path, mode: int = 0o700) -> Iterator[str]:
    with as_user(user, LISTEN, str(folder), f"{mode:o}") as process:
        assert process.stdout.readline() == "listening\n", process.stderr.read()
        yield str(folder / "socket")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that is open to all, as /tmp is, with a path that is short enough for sockets."""
    done = subprocess.run(["mktemp", "-d", "/tmp/alm-XXXXXX"], capture_output=True, text=True)
    folder = Path(done.stdout.strip())
    folder.chmod(0o1777)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_14_18_a_driver_of_ours_is_found(public: Path) -> None:
    with listening(os.geteuid(), public / "driver") as path:
        connection = _connection_to(path)
        assert connection is not None
        connection.close()


@needs_root
def test_14_18_the_name_of_a_dead_driver_taken_by_another_user_is_nobody(public: Path) -> None:
    """Whatever the folder looks like: theirs, a link of ours to theirs, theirs and open to us."""
    (public / "link").symlink_to(public / "taken")
    with listening(NOBODY, public / "taken", 0o755) as path:
        assert _connection_to(path) is None
        assert _connection_to(str(public / "link" / "socket")) is None


@needs_root
@pytest.mark.parametrize("shut", [False, True], ids=["open to all", "shut afterwards"])
def test_14_18_who_listens_in_a_folder_of_ours_must_be_of_ours(public: Path, shut: bool) -> None:
    folder = public / "ours"
    folder.mkdir()
    folder.chmod(0o777)
    with listening(NOBODY, folder) as path:
        if shut:
            folder.chmod(0o700)
        assert _connection_to(path) is None


@needs_root
def test_14_18_a_job_of_another_user_is_turned_away_unread(public: Path) -> None:
    path = str(public / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        Path(path).chmod(0o777)
        with as_user(NOBODY, CONNECT, path) as other, socket.socket(socket.AF_UNIX) as own:
            assert other.stdout.readline() == "first in the queue\n", other.stderr.read()
            own.connect(path)
            message = pickle.dumps("a job of ours")
            own.sendall(len(message).to_bytes(4) + message)
            with accept_our_own(listener) as connection:
                assert connection.recv() == "a job of ours"
            said = other.communicate()[0]
            assert said in ("b''\n", "")  # closed

"""The Ray that a driver works with: one that it starts, or an existing cluster."""

from __future__ import annotations

import os
import pickle
import secrets
import signal
import socket
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from alm.engines import REMEDY, Execution, one_line, require
from alm.errors import EngineError
from alm.processes import end_with_parent

C = TypeVar("C")
R = TypeVar("R")

OBJECT_STORE_BYTES = 100 * 2**20
"""Ray wants at least 75 MiB; the engines move only chunks and summaries."""

ANSWER_SECONDS = 10.0
"""Time limit for a cluster to answer."""


class Session:
    """A Ray that runs, and the backend on top of it.

    A Ray of our own joins no other and shares nothing with others on the machine: it has its own
    random token, since its ports listen on all interfaces, and its own temporary folder.

    Attributes:
        threads: how many chunks it works on at a time.

    Raises:
        EngineError: a package is missing, Ray does not start, or the cluster does not answer.
    """

    def __init__(self, execution: Execution, folder: Path) -> None:
        self._address = execution.ray_address
        _set_environment(self._address)
        # Before Ray starts: it reads part of its environment when it is imported, and a missing
        # package should show before the seconds that a start costs.
        self._ray = require("ray")
        self._backend = require(f"alm.engines.{execution.backend}")
        self.threads = (
            self._join(self._address) if self._address else self._start(execution, folder)
        )

    def _start(self, execution: Execution, folder: Path) -> int:
        _leave_out_what_nobody_looks_at()
        memory = execution.mem_mb and max(execution.mem_mb * 10**6 - OBJECT_STORE_BYTES, 0)
        try:
            started = self._ray.init(
                address="local",
                num_cpus=execution.threads,
                object_store_memory=OBJECT_STORE_BYTES,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="WARNING",
                _memory=memory,
                _temp_dir=str(folder / "ray"),  # Ray opens the permissions of what it is given
            )
        except Exception as error:
            raise EngineError(f"Ray does not start ({one_line(error)}): {REMEDY}") from error
        os.environ["RAY_ADDRESS"] = started.address_info["address"]
        return execution.threads

    def _join(self, address: str) -> int:
        """Connect; the user's own ``RAY_AUTH_*`` variables say who we are."""
        host, _, port = address.rpartition(":")
        try:
            # Ray itself takes most of a minute to give up an address, or a token.
            socket.create_connection((host, int(port)), ANSWER_SECONDS).close()
            require("ray._raylet").GcsClient(address=address)
            self._ray.init(
                address=address,
                log_to_driver=False,
                logging_level="WARNING",
                runtime_env={"env_vars": {"PYTHONPATH": os.environ["PYTHONPATH"]}},
            )
        except Exception as error:
            text = " ".join(str(error).split())[:400]
            raise EngineError(
                f"the Ray cluster at ray_address={address} cannot be joined from "
                f"{socket.gethostname()} ({type(error).__name__}: {text}): the address must be "
                "that of a head that runs, RAY_AUTH_TOKEN its token, this machine one of its "
                "nodes, and Python and Ray the same on all; or leave ray_address out"
            ) from error
        return int(self._ray.cluster_resources()["CPU"])

    def check(self, folder: str) -> None:
        """Raise EngineError when a node of a cluster does not see the files that this one sees."""
        if not self._address:
            return
        nonce = Path(folder) / f".seen-by-all-{secrets.token_hex(8)}"
        paths = [str(nonce), os.getcwd(), __file__]

        def missing() -> list[str]:  # a function in a function travels by value, without `alm`
            return [path for path in paths if not os.path.exists(path)]

        look = self._ray.remote(num_cpus=0, max_retries=0)(missing)
        on = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        nodes = [node for node in self._ray.nodes() if node["Alive"]]
        nonce.touch()
        try:
            looks = [
                look.options(scheduling_strategy=on(node["NodeID"], soft=False)).remote()
                for node in nodes
            ]
            with self._failures_named():
                found = self._ray.get(looks)
            for node, unseen in zip(nodes, found, strict=True):
                if unseen:
                    path = folder if unseen[0] == str(nonce) else unseen[0]
                    raise EngineError(
                        f"node {node['NodeManagerHostname']} ({node['NodeManagerAddress']}, "
                        f"{node['NodeID'][:8]}) of the Ray cluster at {self._address} does not see "
                        f"{path} as this machine does: put the workflow, the manifests and "
                        "output_dir on a file system that all nodes share, under the same path"
                    )
        finally:
            nonce.unlink(missing_ok=True)

    def map_chunks(
        self, function: Callable[[C], R], chunks: Sequence[C], threads: int
    ) -> Iterator[tuple[int, R]]:
        """The index and the result of each chunk, as they finish; raises what ``function`` does."""
        work = partial(attempt, os.getcwd(), function)
        with self._failures_named():
            for index, (result, error) in self._backend.map_chunks(work, chunks, threads):
                if error is not None:
                    raise error
                yield index, result

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except self._ray.exceptions.RayError as error:
            raise EngineError(
                f"Ray failed ({one_line(error)}): "
                f"if workers were killed for memory, give the job more of it, or {REMEDY}"
            ) from error


def _leave_out_what_nobody_looks_at() -> None:
    """Start Ray without its dashboard, log monitor and autoscaler: half of what a start costs.

    ``include_dashboard=False`` starts the dashboard's process all the same, and waits for it.
    """
    node = require("ray._private.node").Node
    for name in ("start_api_server", "start_log_monitor", "start_monitor"):
        setattr(node, name, lambda *_, **__: None)


def attempt(folder: str, function: Callable[[C], R], chunk: C) -> tuple[R | None, Exception | None]:
    """In a worker: ``function(chunk)`` or the exception it raised, either one picklable.

    ``folder`` is where relative paths begin.

    Exceptions travel as values, since Ray wraps those it sees and Ray Data prints them at length.
    """
    end_with_parent(signal.SIGKILL)  # or else it could go on writing for a while after its raylet
    try:
        os.chdir(folder)
        return function(chunk), None
    except Exception as error:
        where = f"process {os.getpid()} on {socket.gethostname()}"
        error.add_note(f"In the worker {where}:\n{traceback.format_exc()}")
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            stand_in = RuntimeError(f"{type(error).__name__}: {error}")
            stand_in.__notes__ = error.__notes__
            return None, stand_in
        return None, error


def _set_environment(address: str | None) -> None:
    """What Ray and its workers read from ``os.environ``."""
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHON_LOG": os.environ.get("PYTHON_LOG", "error"),
    }
    if address:
        # For Xenna as well, which connects once more without saying where to.
        os.environ["RAY_ADDRESS"] = address
        return
    for name in ("RAY_ADDRESS", "RAY_AUTH_TOKEN_PATH"):
        os.environ.pop(name, None)
    os.environ |= {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        # They would be served to anybody, on all interfaces and without that token.
        "RAY_enable_metrics_collection": "0",
        # It would wait for the first workers before it answers, for ever if one of them dies.
        "RAY_prestart_worker_first_driver": "0",
    }

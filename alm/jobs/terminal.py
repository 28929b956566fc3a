"""What a person sees of a run: start, progress, warnings, and how it ended. The rest is in the log.

Snakemake says much more, to its logger, whose records are told apart by their `event`. Nothing
here knows Snakemake itself.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TextIO

MOST_FAILURES = 5
"""Of jobs that are named on the terminal."""


_BANNER = "workflow_started"
_ALWAYS = "Assuming unrestricted shared filesystem usage."
"""Said before it is known whether jobs are going to run."""


class Terminal:
    """A stream of lines; on a real terminal the last one may be kept up to date.

    Args:
        stream: where to write.
        logger: gets the lines as well, for the log of the run.
    """

    def __init__(self, stream: TextIO, logger: logging.Logger) -> None:
        self._stream, self._logger = stream, logger
        self._lock = threading.RLock()
        self._bottom = ""
        self.is_live = stream.isatty()

    def say(self, text: str) -> None:
        """Write a line that stays, or several."""
        with self._lock:
            bottom = self._bottom
            self.show("")
            print(text, file=self._stream, flush=True)
            self.show(bottom)
        self._logger.info(text, extra={"said": True})  # whose formatter takes no arguments

    def keep(self, log: str | Path) -> TextIO:
        """Keep the terminal for this process: its children write to the end of a log instead.

        Returns the stream that now leads to the terminal.
        """
        number = self._stream.fileno()
        self._stream = os.fdopen(os.dup(number), "w", encoding="utf-8", errors="backslashreplace")
        end = os.open(log, os.O_WRONLY | os.O_APPEND)
        os.dup2(end, number)
        os.close(end)
        return self._stream

    def say_now(self, text: str) -> None:
        """The same in the midst of anything, as the handler of a signal is."""
        clear = "\r\033[K" if self.is_live else ""
        os.write(self._stream.fileno(), f"{clear}{text}\n".encode())

    def say_last(self, text: str) -> None:
        """Write a line when this process ends, after all that others have to say."""
        self._logger.info(text, extra={"said": True})  # whose formatter takes no arguments
        atexit.register(lambda: print(text, file=self._stream, flush=True))

    def show(self, line: str) -> None:
        """Replace the line at the bottom; nothing happens where the stream is no terminal."""
        with self._lock:
            if self.is_live and (line or self._bottom):
                self._stream.write(f"\r\033[K{line}")
                self._stream.flush()
                self._bottom = line


class Failure(NamedTuple):
    """A job that failed: what it was, and the path of its log, if it has one."""

    job: str
    log: str


class Jobs(logging.Handler):
    """What has become of the jobs of a run, by the number that Snakemake gave each.

    ``are_stopped`` once the run is interrupted: then jobs that end have not failed.
    """

    def __init__(self, failed: Callable[[Failure], object]) -> None:
        super().__init__()
        self._failed = failed
        self._shards: dict[int, str] = {}
        self.done: set[int] = set()
        self.failures: list[Failure] = []
        self.are_stopped = False

    @property
    def started(self) -> set[int]:
        """The jobs that have been started."""
        return set(self._shards)

    def emit(self, record: logging.LogRecord) -> None:
        """Take notice of what Snakemake says."""
        event = str(getattr(record, "event", ""))
        said = vars(record)
        if event == "job_info":
            self._shards[said["jobid"]] = said["wildcards"].get("shard", "")
        elif event == "job_finished":
            self.done.add(said["job_id"])
        elif self.are_stopped:
            return  # what jobs say then is no failure
        elif event == "job_error":
            self._note(said)
        elif event == "group_error":
            for job in said["job_error_info"]:
                self._note(job)

    def _note(self, job: dict[str, object]) -> None:
        shard = self._shards.get(job["jobid"], "")  # type: ignore[call-overload]
        logs = job["log"]
        failure = Failure(
            f"{job['rule_name']} of shard {shard}" if shard else str(job["rule_name"]),
            str(logs[0]) if isinstance(logs, list) and logs else "",
        )
        self.failures.append(failure)
        self._failed(failure)


class Quiet(logging.Filter):
    """Keeps from the terminal what is in the log, and holds back errors of jobs until the end.

    Args:
        terminal: shared with Snakemake's own handler, whose lines go above the one at the bottom.
        runs: whether jobs are going to run, which is known late.
        quiet: False keeps only those lines back that :class:`Terminal` has written.
        nothing: the message that there is nothing to be done, and what to say instead.
    """

    def __init__(
        self,
        terminal: Terminal,
        runs: Callable[[], bool],
        quiet: bool,
        nothing: tuple[str, Callable[[], str]],
    ) -> None:
        super().__init__()
        self._terminal, self._runs, self.is_quiet = terminal, runs, quiet
        self._nothing = nothing
        self._holds = self._forgets = False
        self._held: list[str] = []

    def hold(self) -> None:
        """From now on, keep errors: those of jobs say less than the job's own."""
        self._holds = self.is_quiet
        atexit.register(self.release)

    def release(self, show: bool = True) -> None:
        """Say the errors that were kept, or forget them and all later ones."""
        for text in self._held if show and not self._forgets else ():
            self._terminal.say(text)
        self._held.clear()
        self._forgets = not show

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is to be shown."""
        if hasattr(record, "said"):
            return False
        text = record.getMessage()
        if self.is_quiet and (str(getattr(record, "event", "")) == _BANNER or text == _ALWAYS):
            return False
        if not self.is_quiet or not self._runs():
            return True
        message, instead = self._nothing
        if text == message:
            self._terminal.say(instead())
        if record.levelno >= logging.ERROR and self._holds:
            self._held.append(text)
        elif record.levelno >= logging.WARNING:
            self._terminal.show("")
            return True
        return False


def name_failures(terminal: Terminal) -> Callable[[Failure], None]:
    """What says which job failed when it does, up to some of them."""
    named: list[Failure] = []

    def name(failure: Failure) -> None:
        named.append(failure)
        if len(named) <= MOST_FAILURES:
            terminal.say(f"failed: {failure.job}" + (f", see {failure.log}" * bool(failure.log)))
        elif len(named) == MOST_FAILURES + 1:
            terminal.say("failed: more jobs, see the log of the run")

    return name

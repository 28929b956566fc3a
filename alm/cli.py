"""The command ``alm``: curate one manifest without the workflow, verify the output of a run.

Exit codes: 0 when all is well; 1 when the output is not as recorded, or a row cannot be processed
and no quarantine was named; 2 when nothing could be done as asked (wrong use, a file that is
missing or cannot be read or written).
"""

from __future__ import annotations

import argparse
import os
import sys
from argparse import BooleanOptionalAction, Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Any, NoReturn, get_type_hints

from alm.curate import curate_manifest
from alm.errors import AlmError, InvalidRowError, ParameterError
from alm.files import obstacle
from alm.input import is_compressed, stat
from alm.input.first_rows import check_first_rows
from alm.jobs.meter import Progress
from alm.names import as_text
from alm.params import OverlapParams, WindowParams
from alm.processes import ensure_streams
from alm.statistics.counters import Stats
from alm.statistics.units import doubtful_settings
from alm.text import count, counted, duration, number
from alm.verify import check
from alm.version import __version__

_STAGES = {"candidate windows": WindowParams, "near-duplicate windows": OverlapParams}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, that of this process by default; returns the exit code.

    Raises:
        SystemExit: after ``--help`` and ``--version``, and after wrong use.
    """
    ensure_streams()
    asked = _parser().parse_args(arguments)
    run: Callable[[Namespace], int] = asked.run
    try:
        return run(asked)
    except InvalidRowError as error:
        return _failed(asked, f"{str(error).rstrip('.')}: --quarantine BAD.jsonl", 1)
    except AlmError as error:
        return _failed(asked, str(error), 2)
    except BrokenPipeError:  # the reader of the output has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _failed(asked, "interrupted", 130)


def _failed(asked: Namespace, why: str, code: int) -> int:
    print(f"alm {asked.command}: error: {why}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage on one line, without the long usage text of ``--help``."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="alm",
        description="Curate training windows for audio language models.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"alm {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    curate = commands.add_parser(
        "curate",
        help="curate the windows of one manifest",
        description="Curate the windows of one manifest, in this process. For many manifests, "
        "several cores or a report run the workflow; its output has the same bytes.",
        usage="%(prog)s [options] IN OUT",
        allow_abbrev=False,
    )
    curate.add_argument("source", metavar="IN", help="a JSONL manifest, also .gz or .zst, or a URL")
    curate.add_argument("destination", metavar="OUT", help="the output, one line of JSON a row")
    curate.add_argument(
        "--quarantine",
        metavar="BAD.jsonl",
        help="where rows that cannot be processed go; without it the first one ends the command",
    )
    for title, stage in _STAGES.items():
        _add_parameters(curate.add_argument_group(title), stage)
    curate.set_defaults(run=_curate)

    verifying = commands.add_parser(
        "verify",
        help="check an output directory against its provenance.json",
        description="Check an output directory of the workflow against its provenance.json.",
        allow_abbrev=False,
    )
    verifying.add_argument("folder", metavar="DIR", help="the output_dir of a run")
    verifying.set_defaults(run=lambda asked: check(asked.folder))
    return parser


def _add_parameters(group: argparse._ArgumentGroup, stage: type[Any]) -> None:
    """Add an option for each field of a dataclass, with its name, meaning and default."""
    types = get_type_hints(stage)
    for field in fields(stage):
        name = f"--{field.name}"
        default: Any = field.default
        if types[field.name] is bool:
            option = group.add_argument(name, action=BooleanOptionalAction, default=default)
            shown = "on" if default else "off"
        elif names := field.metadata.get("enum"):
            option = group.add_argument(name, choices=names, default=default)
            shown = str(default)
        elif types[field.name] is str:
            option = group.add_argument(name, metavar="NAMES", default=default)
            shown = str(default)
        else:
            option = group.add_argument(name, metavar="NUMBER", type=_value, default=default)
            shown = "null" if default is None else number(default)
        # Set here, because BooleanOptionalAction adds the default by itself before Python 3.13.
        option.help = f"{field.metadata['description'].rstrip('.')} (default: {shown})".replace(
            "%", "%%"
        )


def _value(text: str) -> float | str | None:
    """Parse a value as YAML would; the parameters refuse what is wrong.

    >>> _value("120"), _value("0.5"), _value("null"), _value("many")
    (120, 0.5, None, 'many')
    """
    if text == "null":
        return None
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _curate(asked: Namespace) -> int:
    window, overlap = (
        stage(**{field.name: getattr(asked, field.name) for field in fields(stage)})
        for stage in _STAGES.values()
    )
    if asked.destination == "-":
        raise ParameterError("OUT must be a file: it is there when it is whole, not before")
    manifest = stat(as_text(asked.source))
    if asked.quarantine:
        check_first_rows([manifest])
    size = 0 if is_compressed(asked.source) else manifest.size
    progress = Progress(size, "curated", sys.stderr)
    try:
        stats = curate_manifest(
            asked.source, asked.destination, window, overlap, asked.quarantine, progress.add
        )
    except OSError as error:  # reading raises errors of ours
        targets = list(filter(None, (asked.destination, asked.quarantine)))
        why = filter(None, (obstacle(os.path.dirname(target) or ".") for target in targets))
        raise AlmError(
            f"cannot write {' or '.join(targets)}: {next(why, error.strerror)}"
        ) from error
    finally:
        progress.clear()
    print(_summary(stats), file=sys.stderr)
    for setting in doubtful_settings(window, overlap):
        print(f"warning: {setting}", file=sys.stderr)
    if stats.seconds("total_dur") and not stats["windows"]:
        print("warning: there is no window; the report of the workflow says why", file=sys.stderr)
    return 0


def _summary(stats: Stats) -> str:
    """A one-line summary of the result.

    >>> _summary(Stats())
    '0 rows, 0 candidate windows, 0 kept: 0 s; 0 rows quarantined'
    """
    return (
        f"{counted(stats['entries'], 'row')}, {counted(stats['windows'], 'candidate window')}, "
        f"{count(stats['filtered_windows'])} kept: {duration(stats.seconds('filtered_dur'))}; "
        f"{counted(stats['quarantined'], 'row')} quarantined"
    )


if __name__ == "__main__":
    sys.exit(main())

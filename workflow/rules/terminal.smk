# What a person sees of a run: how it starts, how far it is, warnings, how it ended, on one screen.
# All else that Snakemake says is in its log. A dry run, a report and the like say what they always
# do, and so does Snakemake in a workflow that imports this one.

import logging
import sys
from pathlib import Path

from snakemake.common import NOTHING_TO_BE_DONE_MSG

from alm.jobs.progress import summarize_run
from alm.jobs.terminal import Jobs, Quiet, Terminal, name_failures

LOGGER = logging.getLogger("snakemake.logging")
TERMINAL = Terminal(sys.stderr, LOGGER)
JOBS = Jobs(name_failures(TERMINAL))


def jobs_run():
    """Whether jobs are going to run from here, as far as that is known by now."""
    return workflow.executor_plugin and not workflow.dryrun and not workflow.touch


def is_quiet():
    """Whether nobody has asked to hear more, or less."""
    asked = workflow.output_settings
    own = Path(workflow.main_snakefile).resolve().parent in (ROOT, ROOT / "workflow")
    return own and not (asked.verbose or asked.debug_dag or asked.printshellcmds or asked.quiet)


def nothing_to_do():
    """What is said when nothing is."""
    result = rules.merge_output.output[0]
    try:
        return "\n".join(["nothing to be done, all of this is there:", summarize_run(result)])
    except OSError:
        return "nothing to be done: what was asked for is there, and up to date"


QUIET = Quiet(TERMINAL, jobs_run, is_quiet(), (NOTHING_TO_BE_DONE_MSG, nothing_to_do))

if workflow.is_main_process:
    LOGGER.addHandler(JOBS)
    for handler in LOGGER.handlers:
        if handler.name == "DefaultStreamHandler":
            handler.addFilter(QUIET)

# What happens around the jobs of a run: an engine for all of them, progress, a summary. In a
# workflow that imports this one Snakemake calls none of it, unless that one does:
# `onstart: alm.onstart()` and so on. The outputs are the same without.

import atexit
import time
from pathlib import Path

from alm.compiled import announcement
from alm.engines import Execution
from alm.engines.client import share_driver
from alm.input.shards import write_plan
from alm.jobs.failure import why_it_failed
from alm.jobs.progress import ProgressLine, Task, summarize_run, where_jobs_go, where_jobs_ran

STARTED = time.time()

# Not in onstart, which those who import this workflow may leave out.
if workflow.is_main_process:
    print(announcement(), file=sys.stderr)


def progress_tasks():
    """The jobs that take long: one build and one overlap a shard."""
    return [
        Task(
            sum(span.stop - span.start for span in ranges),
            Path(output(f"work/{step}/{shard}.summary.json")),
            Path(output(f"logs/{step}/{shard}.log")),
        )
        for shard, ranges in RANGES.items()
        for step in ("build", "overlap")
    ]


PROGRESS = ProgressLine(progress_tasks(), sys.stderr)


def shares_driver():
    """Whether jobs that use an engine are going to run, here, in this environment."""
    return (
        ENGINE_HERE
        and workflow.local_exec
        and not workflow.touch
        and not workflow.deployment_settings.deployment_method
        and any(
            job.rule in (rules.build.rule, rules.overlap.rule, rules.sweep_shard.rule)
            for job in workflow.dag.needrun_jobs()
        )
    )


ENGINE = []
"""The driver that the jobs of this run share, once it has been started."""


def start_engine():
    """Start the driver now, while the first jobs run."""
    if shares_driver():
        os.makedirs(output("logs"), exist_ok=True)
        with open(output("logs/engine.log"), "wb") as log:
            ENGINE.append(share_driver(Execution(config["backend"], threads=workflow.cores), log))


def stop_engine():
    """Stop the driver; it would also end with this process."""
    while ENGINE:
        ENGINE.pop().stop()


onstart:
    require_places(existing=True)
    write_plan(SHARDS, PLAN)
    print(where_jobs_go(workflow.executor_plugin.name), file=sys.stderr)
    PROGRESS.start()
    start_engine()


onsuccess:
    PROGRESS.stop()
    stop_engine()
    if (
        os.path.exists(output("stats.json"))
        and os.path.getmtime(output("stats.json")) > STARTED
    ):
        print(summarize_run(rules.merge_output.output[0]), file=sys.stderr)
        print(where_jobs_ran(output("logs"), STARTED), file=sys.stderr)


onerror:
    PROGRESS.stop()
    stop_engine()
    if why := why_it_failed(output("logs"), output("quarantine.jsonl"), STARTED):
        # At the very end, since Snakemake has more to say after this.
        atexit.register(print, f"error: {why}", file=sys.stderr, flush=True)

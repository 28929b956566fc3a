# What happens around the jobs of a run: an engine for all of them, progress, a summary. In a
# workflow that imports this one Snakemake calls none of it, unless that one does:
# `onstart: alm.onstart()` and so on. The outputs are the same without.

import shutil
import signal
import time
from collections import Counter
from pathlib import Path

from alm.compiled import announcement
from alm.engines import Execution
from alm.engines.client import share_driver
from alm.input.shards import write_plan
from alm.jobs.failure import why_it_failed
from alm.jobs.forecast import forecast, to_write
from alm.text import counted
from alm.jobs.progress import Progress, Task, where_jobs_go, where_jobs_ran, work_of

STARTED = time.time()

# Not in onstart, which those who import this workflow may leave out.
if workflow.is_main_process:
    TERMINAL.say(announcement())

BYTES = {shard: 1e6 * plain_mb(ranges) for shard, ranges in RANGES.items()}

PROGRESS = Progress(TERMINAL, JOBS)


def progress_tasks():
    """The jobs that are going to run, and the work of each."""
    return [
        Task(
            job.jobid,
            work_of(
                job.rule is rules.merge_output.rule,
                BYTES.get(job.wildcards.get("shard"), 0),
                sum(BYTES.values()) * config["merge"],
                workflow.cores or 1,
            ),
            Path(job.log[0]),
        )
        for job in workflow.dag.needrun_jobs()
        if job.log
    ]


def working_rules():
    """Those whose jobs use an engine."""
    working = [rules.build, rules.overlap, rules.sweep_shard]
    working += [rules.examples, rules.clips, rules.moshi_clips]
    return [*working, *([rules.prepare_shard] if KIND else [])]


def shares_driver():
    """Whether jobs that use an engine are going to run, here, in this environment."""
    return (
        ENGINE_HERE
        and workflow.local_exec
        and not workflow.touch
        and not workflow.deployment_settings.deployment_method
        and any(
            job.rule in (working.rule for working in working_rules())
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


ENDED_BY = []
"""The signal that is to end the run, once there is one."""


def note_signals():
    """Notice by what the run is ended, and go on as Snakemake does."""
    for number, name in ((signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")):
        before = signal.getsignal(number)

        def noted(number, frame, before=before, name=name):
            if not ENDED_BY:
                ENDED_BY.append(name)
                JOBS.are_stopped = True
                waits = " when the jobs that run now are done" if name == "SIGTERM" else ""
                TERMINAL.say_now(f"{name}: ending{waits}")
            before(number, frame)

        if callable(before):
            signal.signal(number, noted)


def keep_terminal(log):
    """Let what jobs write to the terminal go to the log of the run; their own logs have the rest."""
    if log:
        kept = TERMINAL.keep(log[0])
        sys.stderr = kept
        for handler in LOGGER.handlers:
            if handler.name == "DefaultStreamHandler":
                handler.setStream(kept)


def say_what_will_be_written():
    """Say how many bytes the jobs that are going to run will write."""
    ranges = [span for spans in RANGES.values() for span in spans]
    made = forecast(ranges, CONFIG.window, CONFIG.overlap) if not KIND else None
    if made is None:
        return
    jobs = list(workflow.dag.needrun_jobs())
    share = config["sample_fraction"] or 1
    todo = Counter()
    for job in jobs:
        todo[job.rule.name] += share * BYTES.get(job.wildcards.get("shard"), 0)
    merging = any(job.rule is rules.merge_output.rule for job in jobs) and config["merge"]
    bytes_of = {
        "build": todo[rules.build.rule.name],
        "overlap": todo[rules.overlap.rule.name],
        "merge": share * sum(BYTES.values()) * merging,
    }
    if any(bytes_of.values()):
        TERMINAL.say(to_write(made, **bytes_of, free=shutil.disk_usage(config["output_dir"]).free))


def say_where_the_log_is(log):
    for path in log if QUIET.is_quiet else ():
        TERMINAL.say(f"log of the run: {os.path.relpath(path)}")


onstart:
    require_places(existing=True)
    write_plan(SHARDS, PLAN)
    tasks = progress_tasks()
    TERMINAL.say(
        f"{counted(len(tasks), 'job')} for {counted(len(SHARDS), 'shard')}, into "
        f"{config['output_dir']}; {where_jobs_go(workflow.executor_plugin.name)}"
    )
    say_what_will_be_written()
    if QUIET.is_quiet:
        QUIET.hold()
        keep_terminal(log)
    note_signals()
    PROGRESS.start(tasks)
    start_engine()


def is_new(path):
    """Whether this run has written a file."""
    return os.path.exists(path) and os.path.getmtime(path) > STARTED


onsuccess:
    PROGRESS.stop()
    stop_engine()
    QUIET.release(show=False)  # of attempts that failed; the next ones did not
    if is_new(output("stats.json")):
        TERMINAL.say(where_jobs_ran(output("logs"), STARTED))
        TERMINAL.say(summarize_run(rules.merge_output.output[0]))
    if is_new(card := output("exports/DATACARD.md")):
        TERMINAL.say(f"exports: {', '.join(NEEDS)}, described in {card}")
    if is_new(page := output("sweep.html")):
        TERMINAL.say(f"sweep: {page}, {output('sweep.tsv')}")
    say_where_the_log_is(log)


onerror:
    PROGRESS.stop()
    stop_engine()
    if ENDED_BY:
        done = f"{PROGRESS.done()} of {len(PROGRESS.tasks)} jobs are done"
        why = f"interrupted by {ENDED_BY[0]}: {done}; the same command goes on from there"
    else:
        why = why_it_failed(output("logs"), output("quarantine.jsonl"), STARTED, JOBS.failures)
        why = f"error: {why}" if why else None
    QUIET.release(show=not why)
    say_where_the_log_is(log)
    if why:
        TERMINAL.say_last(why)

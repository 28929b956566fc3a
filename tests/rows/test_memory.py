"""The garbage collector is held back, and let go again; malloc keeps what is freed."""

import gc
import platform
import subprocess
import sys

import pytest

from alm.rows.memory import memory_for_rows


@pytest.mark.parametrize("threshold", [700, 0, 10**6])
def test_the_collector_is_held_back_and_let_go(threshold):
    def work() -> None:
        with memory_for_rows():
            assert gc.get_threshold()[0] == {700: 200_000}.get(threshold, threshold)
            raise KeyError

    before = gc.get_threshold()
    try:
        gc.set_threshold(threshold, 10, 10)
        with pytest.raises(KeyError):
            work()
        assert gc.get_threshold() == (threshold, 10, 10)
    finally:
        gc.set_threshold(*before)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is about glibc's malloc")
def test_blocks_that_are_freed_are_not_cleared_again_for_the_next():
    script = """
import resource
from alm.rows.memory import memory_for_rows

with memory_for_rows():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for size in range(100_000, 10_000_000, 100_000):
        len(b"x" * size)  # each larger than all before: else malloc would have learnt
    print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize())
"""
    command = [sys.executable, "-c", script]
    cleared = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert int(cleared) < 20_000_000  # of 495,000,000 bytes in all

"""The garbage collector is held back, and let go again."""

import gc

import pytest

from alm.collector import rarely_collected


@pytest.mark.parametrize("threshold", [700, 0, 10**6])
def test_the_collector_is_held_back_and_let_go(threshold):
    def work() -> None:
        with rarely_collected():
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

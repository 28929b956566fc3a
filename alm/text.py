"""Figures as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SHORT = {"hours": "h", "minutes": "min", "seconds": "s"}


def count(number: int) -> str:
    """
    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """
    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float) -> str:
    """
    >>> percent(0.5204)
    '52.0 %'
    """
    return f"{100 * share:.1f} %"


def number(value: float) -> str:
    """A configured or measured value as one would type it, without needless zeros.

    >>> number(120.0), number(16000), number(0.1), number(1e7)
    ('120', '16000', '0.1', '10000000')
    """
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"


def time_unit(seconds: float) -> tuple[int, str]:
    """In what to tell a duration of this size: the length of the unit in seconds, and its name.

    >>> time_unit(5400), time_unit(90)
    ((3600, 'hours'), (60, 'minutes'))
    """
    if seconds >= 3600:
        return 3600, "hours"
    return (60, "minutes") if seconds >= 60 else (1, "seconds")


def duration(seconds: float) -> str:
    """
    >>> duration(5400), duration(90), duration(0), duration(7200000)
    ('1.50 h', '1.50 min', '0 s', '2,000 h')
    """
    if not seconds:
        return "0 s"
    length, name = time_unit(seconds)
    value = seconds / length
    decimals = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f} {_SHORT[name]}"


def amounts(parts: Sequence[float]) -> list[str]:
    """The sum of some durations in seconds, then each, all in one unit: they add up as shown.

    >>> amounts([3000, 590, 10])
    ['1.00 h', '0.83 h', '0.17 h', '0.00 h']
    """
    length, name = time_unit(sum(parts))
    whole = sum(parts) / length
    decimals = 2 if whole < 10 else 1 if whole < 100 else 0
    steps = _adding_up([part / length for part in parts], 10**decimals)
    return [f"{step / 10**decimals:,.{decimals}f} {_SHORT[name]}" for step in (sum(steps), *steps)]


def percents(parts: Sequence[float]) -> list[str]:
    """The share of each part in their sum; as shown they add up to 100 %.

    >>> percents([1, 1, 1]), percents([0, 0])
    (['33.4 %', '33.3 %', '33.3 %'], ['0.0 %', '0.0 %'])
    """
    whole = sum(parts) or 1
    return [f"{step / 10:.1f} %" for step in _adding_up([part / whole for part in parts], 1000)]


def _adding_up(parts: Sequence[float], steps: int) -> list[int]:
    """Numbers as whole multiples of 1 / ``steps``, whose sum is that of the numbers, rounded.

    What is left over after rounding down goes to those that lose most by that.
    """
    exact = [part * steps for part in parts]
    rounded = [math.floor(each) for each in exact]
    left = round(sum(exact)) - sum(rounded)
    for k in sorted(range(len(exact)), key=lambda k: rounded[k] - exact[k])[:left]:
        rounded[k] += 1
    return rounded


def memory(megabytes: float) -> str:
    """
    >>> memory(0.3), memory(95.8), memory(2048)
    ('—', '96 MB', '2.0 GB')
    """
    if megabytes < 1:
        return "—"
    return f"{megabytes:.0f} MB" if megabytes < 1024 else f"{megabytes / 1024:.1f} GB"


def megabytes(size: int) -> str:
    """A number of bytes as one compares it with others.

    >>> megabytes(2_134_567_890)
    '2135 MB'
    """
    return f"{size / 1e6:.0f} MB"


def size(number: int) -> str:
    """A number of bytes at a glance.

    >>> size(2_134_567_890), size(95_800_000), size(1_200)
    ('2.1 GB', '96 MB', '0.0 MB')
    """
    if number >= 1e9:
        return f"{number / 1e9:.1f} GB"
    return f"{number / 1e6:.0f} MB" if number >= 1e7 else f"{number / 1e6:.1f} MB"


def shortened(text: str, most: int) -> str:
    """At most about ``most`` letters of a text: of a longer one the beginning and the end.

    >>> shortened("abcdefghij", 6)
    'abc … hij'
    """
    if len(text) <= most:
        return text
    return f"{text[: most // 2]} … {text[-most // 2 :]}"


def time_left(elapsed: float, before: float, now: float) -> str:
    """An estimate in words, from the seconds that the way from ``before`` to ``now`` took."""
    if now <= before:
        return "estimating the time left"
    seconds = elapsed * (1 - now) / (now - before)
    if seconds < 90:
        return f"about {max(1, round(seconds))} s left"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min left"
    return f"about {seconds / 3600:.1f} h left"


def is_number(text: str) -> bool:
    """
    >>> is_number("1e3"), is_number("a")
    (True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True

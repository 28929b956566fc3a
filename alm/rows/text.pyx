# cython: wraparound=False
"""Text of JSON, scanned and joined byte by byte; text.py beside this is the same in Python."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr, memcpy

cdef enum:
    LONG_DIGITS = 19


def has_long_digits(bytes text not None):
    """Whether 19 digits follow each other somewhere in ``text``."""
    cdef const unsigned char* byte = <const unsigned char*>PyBytes_AS_STRING(text)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(text), at = LONG_DIGITS - 1
    cdef bint near
    while at < size:  # one of these bytes is part of any such run, and the one 9 before or after it
        near = is_digit(byte[at - 9]) | (is_digit(byte[at + 9]) if at + 9 < size else False)
        if is_digit(byte[at]) & near and digits_around(byte, size, at) >= LONG_DIGITS:
            return True
        at += LONG_DIGITS
    return False


cdef inline bint is_digit(unsigned char byte) noexcept:
    return c"0" <= byte <= c"9"


cdef Py_ssize_t digits_around(const unsigned char* byte, Py_ssize_t size, Py_ssize_t at) noexcept:
    """How many digits follow each other around ``at``; 19 stand for more."""
    cdef Py_ssize_t first = at, stop = at
    while first > 0 and at - first < LONG_DIGITS and is_digit(byte[first - 1]):
        first -= 1
    while stop < size and stop - first < LONG_DIGITS and is_digit(byte[stop]):
        stop += 1
    return stop - first


def joined(bytes text not None, Py_ssize_t count):
    """What :func:`alm.rows.codec.dumps_joined` returns.

    Args:
        text: an array of ``count`` values with a line break as one more between each two.
    """
    cdef const char* begin = PyBytes_AS_STRING(text) + 1
    cdef const char* stop = PyBytes_AS_STRING(text) + PyBytes_GET_SIZE(text) - 1
    cdef Py_ssize_t total = stop - begin - 2 * (count - 1), room = total, size
    cdef bytes values = PyBytes_FromStringAndSize(NULL, total)
    cdef char* target = PyBytes_AS_STRING(values)
    cdef list offsets = [0]
    while len(offsets) < count:
        size = <const char*>memchr(begin, c"\n", stop - begin) - begin  # the comma before it too
        if not 0 < size < room:
            break
        memcpy(target, begin, size)
        target += size
        room -= size
        begin += size + 2
        offsets.append(total - room)
    if len(offsets) != count or stop - begin != room or memchr(begin, c"\n", room):
        raise ValueError(f"not {count} values")
    memcpy(target, begin, room)
    offsets.append(total + 1)
    return values, offsets

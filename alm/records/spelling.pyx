# cython: wraparound=False
"""The line of a row, joined of its pieces; spelling.py beside this is the same in Python."""

from collections.abc import Sequence

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.string cimport memcpy, strchr

cdef bytes FIRST = b'{"segments":['
cdef bytes BETWEEN = b'],"speaker_durations":['
cdef bytes LAST = b"]}"
cdef bytes NEXT = LAST + b"," + FIRST
cdef bytes PROFILE = b'],"profile":'
cdef bytes AFTER_PROFILE = b"}," + FIRST

Part = bytes | Sequence[int] | dict[int, bytes]


cdef list inner_arrays(bytes text):
    """Where the content of each array begins in a JSON array of arrays of numbers.

    Each ends three bytes, ``],[``, before the next one begins or would begin.
    """
    cdef const char* begin = PyBytes_AS_STRING(text)
    cdef const char* end = strchr(begin, c"]")
    cdef list found = [2]
    while end:
        found.append(end + 3 - begin)
        end = strchr(end + 1, c"]")
    return found


cdef struct Piece:
    const char* text
    Py_ssize_t size


cdef class Pieces:
    """Pieces of text to be joined: each byte is copied once."""

    cdef Piece* pieces
    cdef Py_ssize_t count, room, size

    def __cinit__(self, Py_ssize_t room):
        self.pieces = <Piece*>PyMem_Malloc(room * sizeof(Piece))
        self.room = room
        if not self.pieces:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.pieces)

    cdef int add(self, bytes text, Py_ssize_t begin, Py_ssize_t end) except -1:
        if not 0 <= begin <= end <= PyBytes_GET_SIZE(text) or self.count == self.room:
            raise IndexError(f"bytes {begin} to {end} of {len(text)}")
        self.pieces[self.count] = Piece(PyBytes_AS_STRING(text) + begin, end - begin)
        self.count += 1
        self.size += end - begin
        return 0

    cdef bytes joined(self):
        cdef bytes line = PyBytes_FromStringAndSize(NULL, self.size)
        cdef char* end = PyBytes_AS_STRING(line)
        cdef Py_ssize_t k
        for k in range(self.count):
            memcpy(end, self.pieces[k].text, self.pieces[k].size)
            end += self.pieces[k].size
        return line


def line(tuple parts not None, windows, bytes segments not None, list offsets, bytes talk):
    """What :func:`alm.records.record._line` returns."""
    cdef list firsts = windows.firsts, stops = windows.stops, cuts = windows.cuts
    cdef Py_ssize_t room = 0, cut, k
    cdef bytes before, profile
    cdef bint profiled
    cdef list talks = inner_arrays(talk)
    for part in parts:
        room += 1 if type(part) is bytes else 7 * len(part) + 1
    cdef Pieces pieces = Pieces(room)
    for part in parts:
        if type(part) is bytes:
            pieces.add(part, 0, len(part))
            continue
        before = FIRST
        profiled = type(part) is dict
        for k in part:
            pieces.add(before, 0, len(before))
            pieces.add(segments, offsets[firsts[k]], <Py_ssize_t>offsets[stops[k]] - 1)
            cut = cuts[k]
            if cut >= 0:
                pieces.add(segments, <Py_ssize_t>offsets[cut] - 1, <Py_ssize_t>offsets[cut + 1] - 1)
            pieces.add(BETWEEN, 0, len(BETWEEN))
            pieces.add(talk, talks[k], <Py_ssize_t>talks[k + 1] - 3)
            before = NEXT
            if profiled:
                profile = part[k]
                pieces.add(PROFILE, 0, len(PROFILE))
                pieces.add(profile, 0, len(profile))
                before = AFTER_PROFILE
        if part:
            pieces.add(LAST, 1 if profiled else 0, len(LAST))
    return pieces.joined()

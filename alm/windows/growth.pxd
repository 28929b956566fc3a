cimport cython

from alm.rows.numbers cimport Doubles, Integers, Time, Times
from alm.rows.timeline cimport Timeline
from alm.windows.cuts cimport Cuts

cdef str SPEAKER
cdef Py_ssize_t MOST_CANDIDATES, NOBODY, UNLABELLED


cdef class Growth:
    cdef list segments, starts, ends
    cdef bytearray low
    cdef bint truncation, ends_anywhere, has_max_gap
    cdef Py_ssize_t min_speakers, max_speakers
    cdef readonly Cuts cuts
    cdef readonly windows, losses
    cdef readonly list speakers
    cdef readonly list low_bandwidth, few_speakers, unlabelled, before_low_bandwidth, lonely
    cdef readonly list beyond_gap
    cdef readonly Py_ssize_t truncation_events
    cdef list _firsts, _stops, _cuts, _begins, _reached
    cdef list _lost_firsts, _lost_stops, _lost_cuts, _seen, _lasted

    @cython.locals(i=Py_ssize_t)
    cdef _look_at_bandwidths(self, list bandwidths, min_bandwidth)

    @cython.locals(last=Py_ssize_t)
    cdef _lose(self, Py_ssize_t first, Py_ssize_t stop, Py_ssize_t cut, duration, bint at_gap)

    cdef _keep(self, Py_ssize_t first, Py_ssize_t stop, Py_ssize_t cut, end)


@cython.locals(known=dict, numbers=list, number=Py_ssize_t)
cpdef list number_speakers(list speakers)


@cython.locals(
    starts=Doubles, ends=Doubles,
    shortest_double=double, longest_double=double, max_gap_double=double,
)
cpdef Growth grow(list segments, list places, Timeline columns, params)


@cython.locals(
    count=Py_ssize_t, i=Py_ssize_t, stop=Py_ssize_t, talking=Py_ssize_t, speaker=Py_ssize_t,
    cut=Py_ssize_t, copy=Py_ssize_t, is_new=bint, at_gap=bint, kept=bint, may_cut=bint,
    low="const unsigned char*", truncation=bint, ends_anywhere=bint, has_max_gap=bint,
    min_speakers=Py_ssize_t, max_speakers=Py_ssize_t,
    speaker_numbers=Integers, windows_heard_in=Integers,
    speakers="Py_ssize_t*", heard_in="Py_ssize_t*", cuts=Cuts,
    start=Time, end=Time, reach=Time, limit=Time, duration=Time,
)
cdef _grow(Growth growth, Times starts, Times ends, Time shortest, Time longest, Time max_gap)

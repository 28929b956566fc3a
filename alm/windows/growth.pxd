cimport cython

from alm.rows.numbers cimport Doubles, Integers, Time, Times
from alm.rows.timeline cimport Timeline
from alm.windows.cuts cimport Cuts

cdef str SPEAKER
cdef Py_ssize_t NOBODY, UNLABELLED, SPEAKERS_LISTED


cdef class Growth:
    cdef list segments, starts, ends, speakers
    cdef bytearray low
    cdef bint truncation
    cdef Py_ssize_t min_speakers, max_speakers
    cdef readonly Cuts cuts
    cdef readonly windows, losses
    cdef readonly list low_bandwidth, few_speakers, unlabelled, before_low_bandwidth, lonely
    cdef readonly Py_ssize_t truncation_events

    @cython.locals(i=Py_ssize_t)
    cdef _look_at_bandwidths(self, list bandwidths, min_bandwidth)


@cython.locals(known=dict, numbers=list, number=Py_ssize_t)
cdef list number_speakers(list speakers)


@cython.locals(
    starts=Doubles, ends=Doubles, room=Doubles, shortest_double=double, longest_double=double
)
cpdef Growth grow(list segments, Timeline columns, params)


@cython.locals(
    count=Py_ssize_t, i=Py_ssize_t, stop=Py_ssize_t, talking=Py_ssize_t, speaker=Py_ssize_t,
    cut=Py_ssize_t, copy=Py_ssize_t, last=Py_ssize_t, is_new=bint,
    low="const unsigned char*", truncation=bint, min_speakers=Py_ssize_t, max_speakers=Py_ssize_t,
    speaker_numbers=Integers, windows_heard_in=Integers, room_for_heard=Integers,
    speakers="Py_ssize_t*", heard_in="Py_ssize_t*", heard="Py_ssize_t*", cuts=Cuts,
    lost_firsts=list, lost_stops=list, lost_cuts=list, seen=list, lasted=list,
    firsts=list, stops=list, window_cuts=list, begins=list, reached=list, talkers=list, talk=list,
    start=Time, end=Time, limit=Time, duration=Time,
)
cdef _grow(Growth growth, Times starts, Times ends, Times seconds, Time shortest, Time longest)


@cython.locals(talk=list, speaker=Py_ssize_t, place=Py_ssize_t, k=Py_ssize_t)
cdef list _largest(Times seconds, Py_ssize_t* heard, Py_ssize_t talking)

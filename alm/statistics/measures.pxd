cimport cython

from alm.rows.numbers cimport Doubles, Time, Times, all_floats


cdef class Disorder:
    cdef readonly Py_ssize_t out_of_order, overlapping, nested, zero_duration, negative_duration


cdef class Heard:
    cdef readonly in_candidates, in_kept


@cython.locals(k=Py_ssize_t, bins=dict)
cpdef tuple by_bandwidth(list bandwidths, list durations, enough)


@cython.locals(k=Py_ssize_t)
cpdef bint out_of_order(list starts, Py_ssize_t count) except -1


@cython.locals(k=Py_ssize_t)
cdef bint _is_strictly_ascending(list starts, Disorder odd)


@cython.locals(k=Py_ssize_t)
cdef _look_at_order(list starts, list ends, Disorder odd)


@cython.locals(k=Py_ssize_t, outside=Py_ssize_t)
cpdef Py_ssize_t words_outside(list segments, list starts, list ends) except -1


@cython.locals(begun=Doubles, ended=Doubles, nothing=object, no_seconds=double)
cpdef Heard heard(list starts, list ends, windows, kept)


@cython.locals(k=Py_ssize_t)
cpdef lasting(list starts, list ends, list chosen)


@cython.locals(firsts=list, stops=list, cuts=list, every=list)
cdef _hear(
    Times starts, Times ends, Py_ssize_t count, Time zero, windows, list kept, Heard found
)


@cython.locals(
    inside=bytearray, cut_short=dict, reached=Py_ssize_t, k=Py_ssize_t, stop=Py_ssize_t,
    cut=Py_ssize_t, segment=Py_ssize_t, lasts=Time, whole=Time, parts=Time,
)
cdef _covered_speech(
    Times starts, Times ends, Py_ssize_t count, Time zero, list chosen, list firsts, list stops,
    list cuts
)

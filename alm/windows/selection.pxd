cimport cython

from alm.rows.numbers cimport Doubles, Integers, Time, Times, all_floats, microseconds
from alm.windows.overlap cimport in_order

cdef double _EXACT


cdef class Paths:
    cdef list order, starts, ends
    cdef object target
    cdef bint exact
    cdef Integers following
    cdef Doubles start_doubles, end_doubles, gains, seconds, thirds

    @cython.locals(
        count=Py_ssize_t, best=Py_ssize_t, starts=list, ends=list, target=object,
        target_double=double, no_seconds=double, nothing=object,
    )
    cpdef list best(self, double threshold, bint covering)


@cython.locals(firsts=list, place=Py_ssize_t, before=Py_ssize_t, k=Py_ssize_t)
cdef list _first_of_each_span(list starts, list ends, list order)


@cython.locals(k=Py_ssize_t, longest=double, duration=double)
cdef double _most_microseconds(list starts, list ends, double target)


@cython.locals(
    after="Py_ssize_t*", beginnings=Integers, best_from="Py_ssize_t*", i=Py_ssize_t, j=Py_ssize_t,
    later=Py_ssize_t, beyond=Py_ssize_t, middle=Py_ssize_t, chosen=Py_ssize_t, best=Py_ssize_t,
    start_i=Time, end_i=Time, duration_i=Time, start_j=Time, end_j=Time, duration_j=Time,
    shared=Time, shorter=Time, gain=Time, second=Time, third=Time, gain_j=Time, lasting=Time,
    missing=Time,
)
cdef Py_ssize_t _best_paths(
    Times starts, Times ends, Times gains, Times seconds, Times thirds, Integers following,
    Py_ssize_t count, double threshold, Time target, Time nothing, bint covering
) except -2


cdef bint _is_better(
    Times gains, Times seconds, Times thirds, Py_ssize_t one, Py_ssize_t other
) except -1


@cython.locals(after="Py_ssize_t*", path=list)
cdef list _path(list order, Integers following, Py_ssize_t first)

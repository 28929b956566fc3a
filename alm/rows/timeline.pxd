cimport cython

from alm.rows.numbers cimport Doubles, Time, Times

cdef str START, END, METRICS, BANDWIDTH, SPEAKER
cdef double MAX_SECONDS
cdef dict _NO_METRICS


cdef class Timeline:
    cdef readonly list starts, ends, durations, bandwidths, speakers
    cdef readonly total_dur, first_start, last_end
    cdef readonly bint floats
    cdef Doubles start_doubles, end_doubles

    @cython.locals(no_seconds=double, nothing=object)
    cdef _sum_up(self)


@cython.locals(k=Py_ssize_t, total=Time, first=Time, last=Time)
cdef _add_up(Timeline row, Times starts, Times ends, Time zero)


@cython.locals(
    segments=list, fields=dict, measures=dict, starts=list, ends=list, durations=list,
    bandwidths=list, speakers=list, floats=bint,
)
cpdef Timeline columns_of(found)


@cython.locals(number=double)
cpdef bint is_time(value) except -1


@cython.locals(number=double)
cpdef bint is_number(value) except -1

cimport cython

from alm.rows.numbers cimport Doubles, Time, Times, all_floats

cdef double NEAR, SLACK


@cython.locals(durations=list, spans=list, k=Py_ssize_t)
cpdef dict summary(list starts, list ends, list chosen)


@cython.locals(order=list, gone=bytearray, spans=list, k=Py_ssize_t, place=Py_ssize_t)
cpdef tuple greedy(list starts, list ends, double threshold, target)


@cython.locals(k=Py_ssize_t)
cpdef list in_order(list starts, list ends)


@cython.locals(starts_column=Doubles, ends_column=Doubles, target_double=double)
cdef bytearray _near_duplicates(list starts, list ends, double threshold, target)


@cython.locals(
    count=Py_ssize_t, i=Py_ssize_t, j=Py_ssize_t, ratio=double, least=double, shortest=Time,
    end_i=Time, duration_i=Time, off_i=Time, start_j=Time, end_j=Time, duration_j=Time, off_j=Time,
    shared=Time, shorter=Time,
)
cdef _mark(Times starts, Times ends, bytearray gone, double threshold, Time target)


@cython.locals(
    chosen=bytearray, place=Py_ssize_t, one=Py_ssize_t, step=Py_ssize_t, near=Py_ssize_t,
    other=Py_ssize_t, window=Py_ssize_t,
)
cdef list _windows_that_stay(list starts, list ends, list order, bytearray gone)

cimport cython

from alm.rows.timeline cimport is_time

cdef str START, END, WORDS, WORD
cdef Py_ssize_t _POINTER


cdef class Cuts:
    cdef readonly list copies, starts, ends, origins
    cdef list _segments, _places, _word_ends, _texts
    cdef dict _ends_as_listed
    cdef tuple _dropped
    cdef bint _keeps_words
    cdef dict _numbers
    cdef Py_ssize_t _copied

    @cython.locals(ends=list, kept=Py_ssize_t, number=Py_ssize_t)
    cpdef Py_ssize_t cut(self, Py_ssize_t index, limit) except -1

    @cython.locals(
        segment=dict, fields=dict, ends=list, texts=list, leading=Py_ssize_t, in_order=bint
    )
    cdef list _look_at_words(self, Py_ssize_t index)

    @cython.locals(
        segment=dict, copy=dict, words=list, texts=list, ends=list, k=Py_ssize_t, last=Py_ssize_t
    )
    cdef _copy(self, Py_ssize_t index, Py_ssize_t kept, limit)


cpdef dict without(dict fields, frozenset dropped)


@cython.locals(names=tuple)
cpdef list without_each(list segments, frozenset dropped)


@cython.locals(kept=dict)
cdef dict _without(dict fields, tuple names)

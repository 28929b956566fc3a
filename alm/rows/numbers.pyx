"""Columns of numbers as C has them; numbers.py beside this is the same in Python."""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport rint


cdef class Doubles:
    def __cinit__(self, list values not None):
        cdef Py_ssize_t k, count = len(values)
        self.at = <double*>PyMem_Malloc(count * sizeof(double))
        if not self.at:
            raise MemoryError
        for k in range(count):
            self.at[k] = <double>values[k]

    def __dealloc__(self):
        PyMem_Free(self.at)


cdef class Integers:
    def __cinit__(self, list values not None):
        cdef Py_ssize_t k, count = len(values)
        self.at = <Py_ssize_t*>PyMem_Malloc(count * sizeof(Py_ssize_t))
        if not self.at:
            raise MemoryError
        for k in range(count):
            self.at[k] = values[k]

    def __dealloc__(self):
        PyMem_Free(self.at)


cpdef bint all_floats(list values) except -1:
    for value in values:
        if type(value) is not float:
            return False
    return True


cpdef Time microseconds(Time seconds):
    if Time is double:
        return rint(seconds * 1e6)
    else:
        return round(float(seconds) * 1e6)

ctypedef double* DoublePointer

ctypedef fused Times:
    DoublePointer
    list

ctypedef fused Time:
    double
    object


cdef class Doubles:
    cdef double* at


cdef class Integers:
    cdef Py_ssize_t* at


cpdef bint all_floats(list values) except -1


cpdef Time microseconds(Time seconds)

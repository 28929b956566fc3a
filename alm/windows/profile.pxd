cimport cython

from alm.rows.numbers cimport Doubles, Integers, Time, Times, all_floats

cdef Py_ssize_t SPEAKERS_LISTED


cdef class Profiles:
    cdef readonly list turns, speakers, main_share, speech, gaps, overlap, unlabelled


@cython.locals(pairs=list, begun=list, ended=list, count=Py_ssize_t)
cpdef tuple joined(list starts, list ends)


@cython.locals(joined=Py_ssize_t, k=Py_ssize_t)
cdef Py_ssize_t _join(Times begun, Times ended, Py_ssize_t count) except -1


@cython.locals(begun=list, ended=list, found=list, k=Py_ssize_t, low=object, high=object)
cpdef list within(tuple intervals, list starts, list ends)


@cython.locals(
    found=list, begins=list, reached=list, starts=Doubles, ends=Doubles, room=Doubles
)
cpdef list talk(windows, spans)


@cython.locals(
    found=Profiles, begins=list, reached=list, row_begins=list, row_ends=list, row_speakers=list,
    silent=bint, audible=list, pairs=list, k=Py_ssize_t, starts=Doubles, ends=Doubles,
    room=Doubles, lows=Doubles, highs=Doubles, runs_begin=Doubles, runs_end=Doubles,
    nothing=object, no_seconds=double,
)
cpdef Profiles profiles(windows, spans, row)


@cython.locals(k=Py_ssize_t, ascending=bint)
cdef bint _are_ascending(list values) except -1


@cython.locals(
    speaker_numbers=Integers, rooms=Integers, marks=Integers, speakers="Py_ssize_t*",
    heard="Py_ssize_t*", heard_in="Py_ssize_t*", firsts=list, stops=list, cuts=list, k=Py_ssize_t,
    first=Py_ssize_t, stop=Py_ssize_t, cut=Py_ssize_t, talking=Py_ssize_t,
)
cdef _talk(list found, windows, spans, Times starts, Times ends, Times seconds)


@cython.locals(
    talking=Py_ssize_t, place=Py_ssize_t, segment=Py_ssize_t, speaker=Py_ssize_t,
)
cdef Py_ssize_t _sum_up(
    Times starts, Times ends, Times seconds, Py_ssize_t* speakers, Py_ssize_t* heard,
    Py_ssize_t* heard_in, Py_ssize_t window, Py_ssize_t first, Py_ssize_t stop, Py_ssize_t cut
) except -1


@cython.locals(sums=list, speaker=Py_ssize_t, place=Py_ssize_t, k=Py_ssize_t)
cdef list _largest(Times seconds, Py_ssize_t* heard, Py_ssize_t talking)


@cython.locals(
    speaker_numbers=Integers, rooms=Integers, marks=Integers, inside=Integers,
    speakers="Py_ssize_t*", heard="Py_ssize_t*", heard_in="Py_ssize_t*", voices="Py_ssize_t*",
    firsts=list, stops=list, cuts=list, ordered=list, k=Py_ssize_t, n=Py_ssize_t,
    first=Py_ssize_t, stop=Py_ssize_t, cut=Py_ssize_t, talking=Py_ssize_t, turns=Py_ssize_t,
    last_speaker=Py_ssize_t, count=Py_ssize_t, ascending=bint, place=Py_ssize_t,
    segment=Py_ssize_t, speaker=Py_ssize_t, loudest=Py_ssize_t,
    total=Time, most=Time, lasting=Time, begin=Time, end=Time, low=Time, high=Time, speech=Time,
    gap=Time, overlap=Time, unlabelled=Time, reach=Time, reach_of_two=Time, reach_of_loudest=Time,
    reach_of_others=Time, both=Time,
)
cdef _look(
    Profiles found, windows, spans, Times starts, Times ends, Times seconds, Times lows,
    Times highs, Times runs_begin, Times runs_end, Py_ssize_t runs, Time zero
)


@cython.locals(
    covered=Time, place=Py_ssize_t, beyond=Py_ssize_t, middle=Py_ssize_t, first=Time, last=Time
)
cdef Time _inside(Times begun, Times ended, Py_ssize_t count, Time low, Time high)

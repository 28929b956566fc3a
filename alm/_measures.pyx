# cython: language_level=3, wraparound=False, cdivision=True
"""The functions of :mod:`alm.statistics.measures`, compiled, for rows whose times are all floats.

Each has the same result to the last bit, or returns None where it meets a value that is out of
the ordinary: then the Python of its name decides. So the rules are read there.
"""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport fabs, fmod
from libc.stdlib cimport qsort
from libc.string cimport memset


def by_bandwidth(
    list bandwidths not None, list durations not None, enough, long long width, double highest
):
    """What :func:`alm.statistics.measures.by_bandwidth` returns, where all are of at most ``highest`` Hz."""
    cdef list bins = []
    cdef Py_ssize_t count = len(bandwidths), k
    cdef double hertz, least, rest, passing = 0.0
    cdef long long whole
    if len(durations) != count or not is_within(enough, highest):
        return None
    least = enough
    for k in range(count):
        if not is_within(bandwidths[k], highest) or type(durations[k]) is not float:
            return None
        hertz = bandwidths[k]
        if hertz >= least:
            passing += <double>durations[k]
        rest = fmod(hertz, width)
        whole = <long long>((hertz - rest) / width)
        bins.append((whole - 1 if rest < 0 else whole) * width)
    return bins, passing


cdef bint is_within(value, double highest) except -1:
    """Whether ``value`` is a number of no more than that size: then it equals its double."""
    if type(value) is float:
        return fabs(<double>value) <= highest
    return type(value) is int and -highest <= value <= highest


def disorder(list starts not None, list ends not None):
    """What :func:`alm.statistics.measures.disorder` returns, where each segment starts later than the last."""
    cdef Py_ssize_t count = len(starts), k
    cdef Py_ssize_t overlapping = 0, nested = 0, zero = 0, negative = 0
    cdef double start, end, before = 0.0, reached = 0.0
    if len(ends) != count:
        return None
    for k in range(count):
        if type(starts[k]) is not float or type(ends[k]) is not float:
            return None
        start, end = starts[k], ends[k]
        zero += end == start
        negative += end < start
        if k > 0:
            if start <= before:
                return None
            overlapping += start < reached
            nested += end <= reached
        if k == 0 or end > reached:
            reached = end
        before = start
    return 0, overlapping, nested, zero, negative


def words_outside(list segments not None, list starts not None, list ends not None):
    """What :func:`alm.statistics.measures.words_outside` returns, where the words are lists of objects."""
    cdef Py_ssize_t k, number, outside = 0
    cdef list spoken
    if not len(segments) == len(starts) == len(ends):
        return None
    for k in range(len(segments)):
        words = (<dict?>segments[k]).get("words")
        if words is None:
            continue
        if type(words) is not list or type(starts[k]) is not float or type(ends[k]) is not float:
            return None
        spoken = <list>words
        number = len(spoken)
        if number == 0:
            continue
        if type(spoken[0]) is not dict or type(spoken[number - 1]) is not dict:
            return None
        first, last = (<dict>spoken[0]).get("start"), (<dict>spoken[number - 1]).get("end")
        if type(first) is not float or type(last) is not float:
            return None
        outside += <double>first < <double>starts[k] or <double>last > <double>ends[k]
    return outside


cdef struct Interval:
    double start
    double end


cdef struct Window:
    Py_ssize_t first
    Py_ssize_t stop
    Py_ssize_t cut


cdef struct Union:
    double seconds
    double gap


cdef int in_order_of_time(const void* one, const void* other) noexcept nogil:
    cdef const Interval* a = <const Interval*>one
    cdef const Interval* b = <const Interval*>other
    if a.start != b.start:
        return 1 if a.start > b.start else -1
    return (a.end > b.end) - (a.end < b.end)


cdef Union union_of(Interval* intervals, Py_ssize_t count) noexcept nogil:
    """Seconds that are covered by at least one interval, and the longest gap between them."""
    cdef Union found = Union(0.0, 0.0)
    cdef double reached
    cdef Py_ssize_t k
    if count == 0:
        return found
    qsort(intervals, count, sizeof(Interval), in_order_of_time)
    reached = intervals[0].end
    found.seconds = reached - intervals[0].start
    for k in range(1, count):
        if intervals[k].start > reached:
            found.gap = max(found.gap, intervals[k].start - reached)
            found.seconds += intervals[k].end - intervals[k].start
            reached = intervals[k].end
        elif intervals[k].end > reached:
            found.seconds += intervals[k].end - reached
            reached = intervals[k].end
    return found


cdef class Speech:
    """The segments of a row, cut copies at the end, and windows over them."""

    cdef Interval* segments
    cdef Interval* some  # room for those of one window, or for all windows
    cdef double* cut_short  # by segment, the longest cut copy of it that a window has
    cdef Py_ssize_t* cut  # the segments that have one, in the order in which they came
    cdef char* inside
    cdef Window* windows
    cdef Py_ssize_t count, number

    def __cinit__(self, Py_ssize_t count, Py_ssize_t number):
        self.count, self.number = count, number
        self.segments = <Interval*>PyMem_Malloc(count * sizeof(Interval))
        self.some = <Interval*>PyMem_Malloc((max(count, number) + 1) * sizeof(Interval))
        self.cut_short = <double*>PyMem_Malloc((count + 1) * sizeof(double))
        self.cut = <Py_ssize_t*>PyMem_Malloc((count + 1) * sizeof(Py_ssize_t))
        self.inside = <char*>PyMem_Malloc(count + 1)
        self.windows = <Window*>PyMem_Malloc(number * sizeof(Window))
        if not (
            self.segments and self.some and self.cut_short and self.cut and self.inside
            and self.windows
        ):
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.segments)
        PyMem_Free(self.some)
        PyMem_Free(self.cut_short)
        PyMem_Free(self.cut)
        PyMem_Free(self.inside)
        PyMem_Free(self.windows)

    cdef bint take(self, list starts, list ends, list firsts, list stops, list cuts) except -1:
        """Whether all are ordinary: times are floats, and windows are within the segments."""
        cdef Py_ssize_t k
        cdef Window* window
        for k in range(self.count):
            if type(starts[k]) is not float or type(ends[k]) is not float:
                return False
            self.segments[k] = Interval(starts[k], ends[k])
        for k in range(self.number):
            window = &self.windows[k]
            window.first, window.stop, window.cut = firsts[k], stops[k], cuts[k]
            if not (0 <= window.first < window.stop <= self.count and window.cut < self.count):
                return False
            if window.cut >= 0 and window.stop == self.count:
                return False
        return True

    cdef double lasts(self, Py_ssize_t k) noexcept:
        return self.segments[k].end - self.segments[k].start

    cdef double covered(self, list chosen):
        """Seconds of the segments that lie in at least one window, wholly or cut."""
        cdef Py_ssize_t k, j, reached = 0, number = 0
        cdef double whole = 0.0, parts = 0.0
        cdef Window* window
        memset(self.inside, 0, self.count + 1)
        memset(self.cut_short, 0, (self.count + 1) * sizeof(double))
        for k in chosen:
            window = &self.windows[k]
            if window.stop > reached:
                j = max(window.first, reached)
                memset(self.inside + j, 1, window.stop - j)
                reached = window.stop
            if window.cut >= 0 and self.lasts(window.cut) > self.cut_short[window.stop]:
                if self.cut_short[window.stop] == 0:
                    self.cut[number] = window.stop
                    number += 1
                self.cut_short[window.stop] = self.lasts(window.cut)
        for k in range(self.count):
            if self.inside[k]:
                whole += self.lasts(k)
        for k in range(number):
            if not self.inside[self.cut[k]]:
                parts += self.cut_short[self.cut[k]]
        return whole + parts

    cdef Union within(self, Window* window) noexcept:
        """Seconds of a window in which somebody speaks, and the longest silence."""
        cdef Union found = Union(0.0, 0.0)
        cdef Interval* at = self.some
        cdef double gap
        cdef Py_ssize_t k, count = window.stop - window.first
        cdef bint one_by_one = True
        for k in range(count):
            at[k] = self.segments[window.first + k]
        if window.cut >= 0:
            at[count] = self.segments[window.cut]
            count += 1
        for k in range(count):
            one_by_one = one_by_one and at[k].end >= at[k].start
            found.seconds += at[k].end - at[k].start
            if k > 0:
                gap = at[k].start - at[k - 1].end
                one_by_one = one_by_one and gap >= 0
                found.gap = max(found.gap, gap)
        return found if one_by_one else union_of(at, count)

    cdef double spanned(self, list chosen):
        """Seconds that some windows cover."""
        cdef Py_ssize_t count = 0, k
        cdef Window* window
        for k in chosen:
            window = &self.windows[k]
            self.some[count].start = self.segments[window.first].start
            self.some[count].end = self.segments[
                window.cut if window.cut >= 0 else window.stop - 1
            ].end
            count += 1
        return union_of(self.some, count).seconds


def heard(
    list starts not None,
    list ends not None,
    list firsts not None,
    list stops not None,
    list cuts not None,
    list kept not None,
):
    """What :func:`alm.statistics.measures.heard` returns.

    Args:
        starts: when each segment and then each cut copy starts, seconds.
        ends: when each ends.
        firsts, stops, cuts: the windows, as in :class:`alm.windows.build.Windows`.
        kept: the numbers of those that stay, ascending.
    """
    cdef Py_ssize_t number = len(firsts), k, before = -1
    cdef list speech = [], silences = []
    cdef Union found
    if not (len(starts) == len(ends) and number == len(stops) == len(cuts)):
        return None
    for k in kept:
        if not before < k < number:
            return None
        before = k
    cdef Speech row = Speech(len(starts), number)
    if not row.take(starts, ends, firsts, stops, cuts):
        return None
    for k in kept:
        found = row.within(&row.windows[k])
        speech.append(found.seconds)
        silences.append(found.gap)
    return row.covered(list(range(number))), row.covered(kept), row.spanned(kept), speech, silences

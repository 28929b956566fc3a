# cython: language_level=3, wraparound=False, cdivision=True
"""The innermost loops, compiled, for rows whose times are all floats: almost all rows.

Every function does what the Python of its caller does, with the same result to the last bit, or
returns None where it meets a value that is out of the ordinary (a time that is an integer, a
malformed word): then that Python decides. So the rules are read there; here they are fast.
"""

import orjson
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport fabs
from libc.string cimport memchr, memcpy, memset, strchr

cdef enum:
    LONG_DIGITS = 19
    SPEAKERS_LISTED = 5
    NOBODY = -1
    UNLABELLED = -2

cdef long long LARGEST_EXACT = 2**53  # up to here an integer and its double are the same number
cdef double MAX_SECONDS = 1e290
cdef double NEAR = 1e-5  # seconds; farther apart, times are not the same to the microsecond
cdef bytes FIRST = b'{"segments":['
cdef bytes BETWEEN = b'],"speaker_durations":['
cdef bytes LAST = b"]}"
cdef bytes NEXT = LAST + b"," + FIRST
cdef str NO_SPEAKER = "no-speaker"
# The objects that orjson gives every row as keys: found by being the same, not by being equal.
cdef str START, END, METRICS, BANDWIDTH, SPEAKER, WORDS, WORD
START, END, METRICS, BANDWIDTH, SPEAKER, WORDS, WORD = orjson.loads(
    b'{"start":0,"end":0,"metrics":0,"bandwidth":0,"speaker":0,"words":0,"word":0}'
)
cdef dict NO_METRICS = {}
cdef list NO_WORDS = []


# JSON


def has_long_digits(bytes text not None):
    """Whether 19 digits follow each other somewhere in ``text``."""
    cdef const unsigned char* byte = <const unsigned char*>PyBytes_AS_STRING(text)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(text), at = LONG_DIGITS - 1
    cdef bint near
    while at < size:  # one of these bytes is part of any such run, and the one 9 before or after it
        near = is_digit(byte[at - 9]) | (is_digit(byte[at + 9]) if at + 9 < size else False)
        if is_digit(byte[at]) & near and digits_around(byte, size, at) >= LONG_DIGITS:
            return True
        at += LONG_DIGITS
    return False


cdef inline bint is_digit(unsigned char byte) noexcept:
    return c"0" <= byte <= c"9"


cdef Py_ssize_t digits_around(const unsigned char* byte, Py_ssize_t size, Py_ssize_t at) noexcept:
    """How many digits follow each other around ``at``; 19 stand for more."""
    cdef Py_ssize_t first = at, stop = at
    while first > 0 and at - first < LONG_DIGITS and is_digit(byte[first - 1]):
        first -= 1
    while stop < size and stop - first < LONG_DIGITS and is_digit(byte[stop]):
        stop += 1
    return stop - first


# Rows


def timeline(row):
    """The columns of :class:`alm.rows.row.Timeline` for a sound row, where all times are floats."""
    segments = row.get("segments")
    cdef list starts = [], ends = [], durations = [], bandwidths = [], speakers = []
    cdef double first, last, total = 0.0, last_end = -MAX_SECONDS, furthest = 0.0
    cdef dict fields
    if type(segments) is not list or not segments or not is_exact(row.get("audio_sample_rate")):
        return None
    for segment in <list>segments:
        if type(segment) is not dict:
            return None
        fields = <dict>segment
        start, end = fields.get(START), fields.get(END)
        metrics = fields.get(METRICS, NO_METRICS)
        speaker = fields.get(SPEAKER)
        if type(start) is not float or type(end) is not float or type(metrics) is not dict:
            return None
        bandwidth = (<dict>metrics).get(BANDWIDTH, 0)
        if not (speaker is None or type(speaker) is str) or not is_exact(bandwidth):
            return None
        first, last = start, end
        if not (fabs(first) <= MAX_SECONDS and fabs(last) <= MAX_SECONDS):
            return None
        total += last - first
        if last > last_end:
            last_end = last
        furthest = max(furthest, fabs(first), fabs(last))
        starts.append(start)
        ends.append(end)
        durations.append(last - first)
        bandwidths.append(bandwidth)
        speakers.append(speaker)
    return starts, ends, durations, bandwidths, speakers, total, last_end, furthest, True


cdef bint is_exact(value) except -1:
    """Whether ``value`` is a number, and surely no other than its double."""
    cdef int overflow = 0
    cdef long long whole
    if type(value) is float:
        return fabs(<double>value) <= LARGEST_EXACT
    if type(value) is not int:
        return False
    whole = PyLong_AsLongLongAndOverflow(value, &overflow)
    return not overflow and -LARGEST_EXACT <= whole <= LARGEST_EXACT


# Windows


cdef class Cuts:
    """:class:`alm.windows.cuts.Cuts`, where the words that are looked at are ordinary."""

    cdef readonly list copies, starts, ends
    cdef list segments, texts, word_ends
    cdef dict numbers
    cdef tuple dropped
    cdef bint keeps_words

    def __init__(self, list segments not None, frozenset dropped not None):
        self.copies, self.starts, self.ends = [], [], []
        self.segments = segments
        self.dropped = tuple(dropped)
        self.keeps_words = WORDS not in dropped
        self.texts = [None] * len(segments)
        self.word_ends = [None] * len(segments)
        self.numbers = {}

    cdef Py_ssize_t cut(self, Py_ssize_t index, double limit) except -2:
        """The number of the copy of segment ``index`` whose words end by ``limit``; -1 if none."""
        if self.word_ends[index] is None and not self.look_at_words(index):
            return -1
        cdef list ends = <list>self.word_ends[index], words
        cdef Py_ssize_t kept = 0, beyond = len(ends), middle
        while kept < beyond:
            middle = (kept + beyond) // 2
            if <double>ends[middle] <= limit:
                kept = middle + 1
            else:
                beyond = middle
        key = index << 32 | kept
        number = self.numbers.get(key)
        if number is not None:
            return number
        number = self.numbers[key] = len(self.copies)
        cdef dict segment = <dict>self.segments[index], copy = segment.copy()
        if not kept:
            words = []
            copy[END], copy["text"] = segment[START], ""
        elif self.texts[index] is not None:
            words = (<list>segment[WORDS])[:kept] if self.keeps_words else []
            copy[END] = ends[kept - 1]
            copy["text"] = " ".join([text for text in (<list>self.texts[index])[:kept] if text])
        else:
            words = [word for word in <list>segment[WORDS] if <double>word[END] <= limit]
            copy[END] = words[len(words) - 1]["end"]
            copy["text"] = " ".join([text for word in words if (text := word.get(WORD))])
        self.starts.append(segment[START])
        self.ends.append(copy[END])
        if self.keeps_words:
            copy[WORDS] = words
        for name in self.dropped:
            copy.pop(name, None)
        self.copies.append(copy)
        return number

    cdef bint look_at_words(self, Py_ssize_t index) except -1:
        """Note the sorted ends of a segment's words, and their texts if sorted they were."""
        cdef list texts, ends
        cdef double end, before = -MAX_SECONDS
        cdef bint in_order = True
        words = (<dict>self.segments[index]).get(WORDS, NO_WORDS)
        if type(words) is not list:
            return False
        if not words:
            self.texts[index] = self.word_ends[index] = NO_WORDS
            return True
        texts, ends = [], []
        for word in <list>words:
            if type(word) is not dict:
                return False
            text, value = (<dict>word).get(WORD), (<dict>word).get(END)
            if type(value) is not float or not (text is None or type(text) is str):
                return False
            end = value
            if not fabs(end) <= MAX_SECONDS:
                return False
            in_order = in_order and before <= end
            before = end
            ends.append(value)
            texts.append(text)
        if in_order:
            self.texts[index] = texts
        else:
            ends.sort()
        self.word_ends[index] = ends
        return True


cdef struct Segment:
    double start
    double end
    Py_ssize_t speaker  # counted from 0, or NOBODY, or UNLABELLED
    bint low  # of too low a bandwidth


cdef struct Speaker:
    double seconds
    Py_ssize_t window  # the last window that the speaker was heard in


cdef class Growth:
    """The columns of a row as C has them, and who talks in the window that grows."""

    cdef Segment* segments
    cdef Speaker* speakers
    cdef Py_ssize_t* heard  # the speakers of the window, in the order in which they begin
    cdef Py_ssize_t count, talking, window

    def __cinit__(self, list starts, list ends, list bandwidths, list speakers, double enough):
        cdef Py_ssize_t k
        cdef dict known = {NO_SPEAKER: UNLABELLED}
        self.count = len(starts)
        self.segments = <Segment*>PyMem_Malloc(self.count * sizeof(Segment))
        self.speakers = <Speaker*>PyMem_Malloc(self.count * sizeof(Speaker))
        self.heard = <Py_ssize_t*>PyMem_Malloc(self.count * sizeof(Py_ssize_t))
        if not (self.segments and self.speakers and self.heard):
            raise MemoryError
        for k in range(self.count):
            speaker = speakers[k]
            number = NOBODY
            if speaker:
                number = known.get(speaker)
                if number is None:
                    number = known[speaker] = len(known) - 1
            self.segments[k] = Segment(starts[k], ends[k], number, <double>bandwidths[k] < enough)
            self.speakers[k].window = -1

    def __dealloc__(self):
        PyMem_Free(self.segments)
        PyMem_Free(self.speakers)
        PyMem_Free(self.heard)

    cdef void begin(self, Py_ssize_t window) noexcept:
        self.window = window
        self.talking = 0

    cdef bint knows(self, Py_ssize_t speaker) noexcept:
        return self.speakers[speaker].window == self.window

    cdef void hear(self, Py_ssize_t speaker, double seconds) noexcept:
        cdef Speaker* who = &self.speakers[speaker]
        if who.window != self.window:
            who.window = self.window
            who.seconds = 0.0
            self.heard[self.talking] = speaker
            self.talking += 1
        who.seconds += seconds

    cdef list most(self):
        """The largest sums of seconds, descending, padded with 0.0."""
        cdef double[SPEAKERS_LISTED] sums
        cdef Py_ssize_t k, place
        cdef double seconds
        memset(sums, 0, sizeof(sums))
        for k in range(self.talking):
            seconds = self.speakers[self.heard[k]].seconds
            place = min(k, SPEAKERS_LISTED)
            while place > 0 and sums[place - 1] < seconds:
                if place < SPEAKERS_LISTED:
                    sums[place] = sums[place - 1]
                place -= 1
            if place < SPEAKERS_LISTED:
                sums[place] = seconds
        cdef list most = [0.0, 0.0, 0.0, 0.0, 0.0]  # one object: most windows have fewer speakers
        for k in range(min(self.talking, SPEAKERS_LISTED)):
            most[k] = sums[k]
        return most


cdef class Lost:
    """How many starts were lost for one reason, and the seconds of their segments."""

    cdef Py_ssize_t count
    cdef double seconds

    cdef void add(self, double seconds) noexcept:
        self.count += 1
        self.seconds += seconds


def grow(list segments not None, columns, params):
    """Grow a window from every segment, each anew: SEMANTICS.md, "Building windows".

    Args:
        segments: those of a row.
        columns: its :class:`alm.rows.row.Timeline`.
        params: :class:`alm.params.WindowParams`.

    Returns:
        The columns of :class:`alm.windows.build.Windows` and of :class:`alm.windows.build.Losses`, the cuts,
        how many speakers each start that ``min_speakers`` cost had, the statistics of what was
        lost, and how often truncation was tried.
    """
    if not (
        is_exact(params.shortest) and is_exact(params.longest) and is_exact(params.min_bandwidth)
    ):
        return None
    for bandwidth in columns.bandwidths:
        if not is_exact(bandwidth):
            return None
    cdef double shortest = params.shortest, longest = params.longest
    cdef bint truncation = params.truncation
    cdef list starts = columns.starts, ends = columns.ends
    cdef Growth growth = Growth(
        starts, ends, columns.bandwidths, columns.speakers, params.min_bandwidth
    )
    cdef Py_ssize_t min_speakers = min(params.min_speakers, growth.count + 1)
    cdef Py_ssize_t max_speakers = min(params.max_speakers, growth.count)
    cdef Cuts cuts = Cuts(segments, params.dropped_segment_fields)
    cdef list firsts = [], stops = [], cut = [], begins = [], reached = [], talkers = [], talk = []
    cdef list lost_firsts = [], lost_stops = [], lost_cut = [], seen = [], lasted = [], lonely = []
    cdef Lost low = Lost(), short = Lost(), few = Lost(), unlabelled = Lost(), before_low = Lost()
    cdef Py_ssize_t count = growth.count, i, stop, speaker, number, last, truncation_events = 0
    cdef double start, limit, duration
    cdef Segment* segment
    for i in range(count):
        start = growth.segments[i].start
        if growth.segments[i].low:
            low.add(growth.segments[i].end - start)
            continue
        growth.begin(i)
        stop = i
        while stop < count:
            segment = &growth.segments[stop]
            speaker = segment.speaker
            if segment.end - start > longest or segment.low or speaker == UNLABELLED:
                break
            if speaker >= 0:
                if growth.talking == max_speakers and not growth.knows(speaker):
                    break
                growth.hear(speaker, segment.end - segment.start)
            stop += 1

        end = ends[stop - 1] if stop > i else ends[i]
        number = -1
        if stop < count and truncation:
            segment = &growth.segments[stop]
            limit = start + longest
            if not segment.low and segment.start < limit and segment.end - start > longest:
                truncation_events += 1
                number = cuts.cut(stop, limit)
                if number < 0:
                    return None
                speaker = segment.speaker
                if speaker == UNLABELLED or (
                    speaker >= 0
                    and growth.talking == max_speakers
                    and not growth.knows(speaker)
                ):
                    number = -1
                else:
                    end = cuts.ends[number]
                    number += count
                    if speaker >= 0:
                        growth.hear(speaker, <double>end - segment.start)

        duration = <double>end - start
        if not shortest <= duration <= longest or stop - i + (number >= 0) < 2:
            last = min(stop, count - 1)
            segment = &growth.segments[i]
            short.add(segment.end - start)
            if growth.segments[last].speaker == UNLABELLED or SPEAKER not in segments[last]:
                unlabelled.add(segment.end - start)
            elif growth.segments[last].low:
                before_low.add(segment.end - start)
            lost_firsts.append(i)
            lost_stops.append(stop)
            lost_cut.append(number)
            seen.append(last)
            lasted.append(duration)
        elif growth.talking < min_speakers:
            few.add(growth.segments[i].end - start)
            lonely.append(growth.talking)
        else:
            firsts.append(i)
            stops.append(stop)
            cut.append(number)
            begins.append(starts[i])
            reached.append(end)
            talkers.append(growth.talking)
            talk.append(growth.most())
    return (
        (firsts, stops, cut, begins, reached, talkers, talk),
        (lost_firsts, lost_stops, lost_cut, seen, lasted),
        cuts,
        lonely,
        {
            "lost_bw": low.count,
            "dur_lost_bw": low.seconds,
            "lost_spk": few.count,
            "dur_lost_spk": few.seconds,
            "lost_win": short.count,
            "dur_lost_win": short.seconds,
            "lost_no_spkr": unlabelled.count,
            "dur_lost_no_spkr": unlabelled.seconds,
            "lost_next_seg_bm": before_low.count,
            "dur_lost_next_seg_bm": before_low.seconds,
        },
        truncation_events,
    )


# Near-duplicates


cdef struct Span:
    double start
    double end
    double duration
    double off_target
    bint gone
    bint listed  # its window stays


def decide(list starts not None, list ends not None, double threshold, double target):
    """What :func:`alm.windows.overlap.decide` returns, where the windows are sorted already.

    Args:
        starts: when each window starts, seconds.
        ends: when each ends.
        threshold: the smallest ratio at which two windows are near-duplicates.
        target: of two near-duplicates the one whose duration is nearer to this stays, seconds.
    """
    cdef Py_ssize_t count = len(starts), i
    cdef double total = 0.0, total_kept = 0.0
    cdef list durations = [], turned = [], kept = [], kept_durations = [], windows = []
    cdef Span* spans = <Span*>PyMem_Malloc(max(count, 1) * sizeof(Span))
    if not spans:
        raise MemoryError
    try:
        if not count or len(ends) != count or not take_in_order(spans, starts, ends, target):
            return None
        drop_duplicates(spans, count, threshold)
        for i in range(count):
            total += spans[i].duration
            duration = spans[i].duration
            durations.append(duration)
            turned.append([ends[i], starts[i]])
            if not spans[i].gone:
                total_kept += spans[i].duration
                kept.append([ends[i], starts[i]])
                kept_durations.append(duration)
                list_all_of_one_span(spans, count, i)
        for i in range(count):
            if spans[i].listed:
                windows.append(i)
    finally:
        PyMem_Free(spans)
    return {
        "total_dur_window": total,
        "total_dur_list_window": durations,
        "total_dur_list_window_timestamps": turned,
        "filtered": kept,
        "filtered_dur": total_kept,
        "filtered_dur_list": kept_durations,
    }, windows


cdef bint take_in_order(Span* spans, list starts, list ends, double target) except -1:
    cdef Py_ssize_t i
    cdef Span* span
    for i in range(len(starts)):
        if type(starts[i]) is not float or type(ends[i]) is not float:
            return False
        span = &spans[i]
        span.start, span.end = starts[i], ends[i]
        span.duration = span.end - span.start
        span.off_target = fabs(span.duration - target)
        span.gone = span.listed = False
        if i > 0 and (
            span.start < spans[i - 1].start
            or span.start == spans[i - 1].start and span.end < spans[i - 1].end
        ):
            return False
    return True


cdef void drop_duplicates(Span* spans, Py_ssize_t count, double threshold) noexcept:
    cdef Span* one
    cdef Span* other
    cdef Py_ssize_t i, j
    cdef double shared, shorter
    for i in range(count):
        one = &spans[i]
        if one.gone:
            continue
        for j in range(i + 1, count):
            other = &spans[j]
            if other.start >= one.end:
                break
            if other.gone:
                continue
            shared = min(one.end, other.end) - max(one.start, other.start)
            shorter = min(one.duration, other.duration)
            if (shared / shorter if shorter != 0 and shared > 0 else 0.0) < threshold:
                continue
            if one.off_target < other.off_target or (
                one.off_target == other.off_target and one.duration >= other.duration
            ):
                other.gone = True
            else:
                one.gone = True
                break


cdef int list_all_of_one_span(Span* spans, Py_ssize_t count, Py_ssize_t i) except -1:
    """Windows whose spans are the same to the microsecond stay together."""
    cdef Py_ssize_t k = i - 1
    spans[i].listed = True
    while k >= 0 and spans[i].start - spans[k].start < NEAR:
        spans[k].listed = spans[k].listed or are_one(spans[k], spans[i])
        k -= 1
    k = i + 1
    while k < count and spans[k].start - spans[i].start < NEAR:
        spans[k].listed = spans[k].listed or are_one(spans[k], spans[i])
        k += 1
    return 0


cdef bint are_one(Span one, Span other) except -1:
    return round(<object>one.start, 6) == round(<object>other.start, 6) and (
        round(<object>one.end, 6) == round(<object>other.end, 6)
    )


# Lines


def without_each(list segments not None, frozenset dropped not None):
    """Each segment less the dropped names; the same object where it has none of them."""
    cdef list kept = []
    cdef tuple names = tuple(dropped)
    cdef dict copy
    for segment in segments:
        copy = None
        for name in names:
            if name in <dict>segment:
                if copy is None:
                    copy = (<dict>segment).copy()
                del copy[name]
        kept.append(segment if copy is None else copy)
    return kept


def joined(bytes text not None, Py_ssize_t count):
    """What :func:`alm.rows.codec.dumps_joined` returns.

    Args:
        text: an array of ``count`` values with a line break as one more between each two.
    """
    cdef const char* begin = PyBytes_AS_STRING(text) + 1
    cdef const char* stop = PyBytes_AS_STRING(text) + PyBytes_GET_SIZE(text) - 1
    cdef Py_ssize_t total = stop - begin - 2 * (count - 1), room = total, size
    cdef bytes values = PyBytes_FromStringAndSize(NULL, total)
    cdef char* target = PyBytes_AS_STRING(values)
    cdef list offsets = [0]
    while len(offsets) < count:
        size = <const char*>memchr(begin, c"\n", stop - begin) - begin  # the comma before it too
        if not 0 < size < room:
            break
        memcpy(target, begin, size)
        target += size
        room -= size
        begin += size + 2
        offsets.append(total - room)
    if len(offsets) != count or stop - begin != room or memchr(begin, c"\n", room):
        raise ValueError(f"not {count} values")
    memcpy(target, begin, room)
    offsets.append(total + 1)
    return values, offsets


cdef list inner_arrays(bytes text):
    """Where the content of each array begins in a JSON array of arrays of numbers.

    Each ends three bytes, ``],[``, before the next one begins or would begin.
    """
    cdef const char* begin = PyBytes_AS_STRING(text)
    cdef const char* end = strchr(begin, c"]")
    cdef list found = [2]
    while end:
        found.append(end + 3 - begin)
        end = strchr(end + 1, c"]")
    return found


cdef struct Piece:
    const char* text
    Py_ssize_t size


cdef class Pieces:
    """Pieces of text to be joined: each byte is copied once."""

    cdef Piece* pieces
    cdef Py_ssize_t count, room, size

    def __cinit__(self, Py_ssize_t room):
        self.pieces = <Piece*>PyMem_Malloc(room * sizeof(Piece))
        self.room = room
        if not self.pieces:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.pieces)

    cdef int add(self, bytes text, Py_ssize_t begin, Py_ssize_t end) except -1:
        if not 0 <= begin <= end <= PyBytes_GET_SIZE(text) or self.count == self.room:
            raise IndexError(f"bytes {begin} to {end} of {len(text)}")
        self.pieces[self.count] = Piece(PyBytes_AS_STRING(text) + begin, end - begin)
        self.count += 1
        self.size += end - begin
        return 0

    cdef bytes joined(self):
        cdef bytes line = PyBytes_FromStringAndSize(NULL, self.size)
        cdef char* end = PyBytes_AS_STRING(line)
        cdef Py_ssize_t k
        for k in range(self.count):
            memcpy(end, self.pieces[k].text, self.pieces[k].size)
            end += self.pieces[k].size
        return line


def line(tuple parts not None, windows, bytes segments not None, list offsets, bytes talk):
    """What :func:`alm.records.record._line` returns."""
    cdef list firsts = windows.firsts, stops = windows.stops, cuts = windows.cuts
    cdef Py_ssize_t room = 0, cut, k
    cdef bytes before
    cdef list talks = inner_arrays(talk)
    for part in parts:
        room += 1 if type(part) is bytes else 5 * len(part) + 1
    cdef Pieces pieces = Pieces(room)
    for part in parts:
        if type(part) is bytes:
            pieces.add(part, 0, len(part))
            continue
        before = FIRST
        for k in part:
            pieces.add(before, 0, len(before))
            pieces.add(segments, offsets[firsts[k]], <Py_ssize_t>offsets[stops[k]] - 1)
            cut = cuts[k]
            if cut >= 0:
                pieces.add(segments, <Py_ssize_t>offsets[cut] - 1, <Py_ssize_t>offsets[cut + 1] - 1)
            pieces.add(BETWEEN, 0, len(BETWEEN))
            pieces.add(talk, talks[k], <Py_ssize_t>talks[k + 1] - 3)
            before = NEXT
        if part:
            pieces.add(LAST, 0, len(LAST))
    return pieces.joined()

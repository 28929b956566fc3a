"""JSON text and values: exact both ways, and nothing but RowError for what is no JSON."""

import contextlib
import json
import math

import pytest
from helpers import same_json
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import json_values

from alm.errors import RowError
from alm.rows import codec

any_text = st.text(st.characters(exclude_categories=()), max_size=8)  # lone surrogates, too
big_integers = st.integers(-(10**60), 10**60)
odd_values = st.recursive(
    json_values() | any_text | big_integers,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | any_text, inner)
    ),
    max_leaves=8,
)


def refusal(text: bytes) -> RowError:
    with pytest.raises(RowError) as refused:
        codec.loads(text)
    return refused.value


# Reading


@given(odd_values, st.booleans())
def test_loads_is_json_loads(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace")
    assert same_json(codec.loads(text), json.loads(text)) is None


@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
)
@example("-0")
@example("-0.0")
@example("9223372036854775808")
@example("-9223372036854775809")
@example("18446744073709551615")
@example("18446744073709551616")
@example("12345678901234567890.5")
@example("12345678901234567890e2")
@example("9007199254740993.0")
@example("2.2250738585072011e-308")
@example("5e-324")
@example("1e-400")
@example("1.7976931348623158e308")
def test_numbers_are_read_to_the_last_bit(text):
    wanted = json.loads(text)
    if isinstance(wanted, float) and math.isinf(wanted):
        assert refusal(text.encode()).reason == "not_finite"
    else:
        assert same_json(codec.loads(text.encode()), wanted) is None
        beside_a_long_integer = codec.loads(f"[{text}, {10**30}]".encode())
        assert same_json(beside_a_long_integer, [wanted, 10**30]) is None


@pytest.mark.parametrize("digits", [18, 19, 20, 21, 100, 4000])
@pytest.mark.parametrize("form", ["%s", "-%s", '{"a": %s}', "[%s]", "[1, %s,2]", "[0.5,%s]"])
def test_integers_of_any_length_are_kept(digits, form):
    text = (form % ("9" * digits)).encode()
    assert same_json(codec.loads(text), json.loads(text)) is None
    assert int("9" * digits) in _leaves(codec.loads(text)) or "-" in form


def _leaves(value):
    match value:
        case list():
            return [leaf for item in value for leaf in _leaves(item)]
        case dict():
            return [leaf for item in value.values() for leaf in _leaves(item)]
    return [value]


def test_digits_within_text_are_text():
    text = '{"id": "12345678901234567890123", "n": 0.1234567890123456789012}'
    assert codec.loads(text.encode()) == json.loads(text)


@pytest.mark.parametrize("tail", [b"", b', "n": 123456789012345678901', rb', "s": "\ud800"'])
def test_the_last_of_duplicate_keys_counts(tail):
    found = codec.loads(b'{"a": 1, "b": 2, "a": 3%b}' % tail)
    assert found["a"] == 3
    assert list(found)[:2] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "invalid_json"),
        (b"   ", "invalid_json"),
        (b"{]", "invalid_json"),
        (b"{'a': 1}", "invalid_json"),
        (b'{"a": 1,}', "invalid_json"),
        (b'{"a": 1} {}', "invalid_json"),
        (b'{"a": 1', "invalid_json"),
        (b'{"a": 01}', "invalid_json"),
        (b'"a\x00b"', "invalid_json"),
        (b'"a\nb"', "invalid_json"),
        (b'"\\x41"', "invalid_json"),
        (b"\xef\xbb\xbf{}", "invalid_json"),
        (b"\x1f\x8b\x08\x00", "invalid_utf8"),
        (b'{"a": "\xff"}', "invalid_utf8"),
        (b'{"a": "\xed\xa0\x80"}', "invalid_utf8"),
        (b'{"a": "\xc0\xaf"}', "invalid_utf8"),
        (b'{"a": 123456789012345678901, "b": "\xff"}', "invalid_utf8"),
        (b'{"a": NaN}', "not_finite"),
        (b"[Infinity]", "not_finite"),
        (b"-Infinity", "not_finite"),
        (b"1e400", "not_finite"),
        (b"[-1e400, 123456789012345678901]", "not_finite"),
        (b"1" + b"0" * 400 + b".0", "not_finite"),
    ],
)
def test_what_is_no_json_is_refused_with_its_reason(text, reason):
    assert refusal(text).reason == reason


@given(st.binary(max_size=60))
def test_random_bytes_raise_nothing_but_row_errors(text):
    with contextlib.suppress(RowError):
        codec.loads(text)


@given(odd_values, st.data())
def test_damaged_json_raises_nothing_but_row_errors(value, data):
    text = bytearray(json.dumps({"a": value}).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = codec.loads(bytes(text))
    except RowError:
        return
    assert same_json(found, json.loads(bytes(text))) is None


@pytest.mark.parametrize("depth", [1_100, 20_000, 2_000_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_refused(depth, opening, closing):
    closed = opening * depth + b"1" + closing * depth
    assert refusal(closed).reason == "too_deep"
    assert refusal(opening * depth).reason in ("too_deep", "invalid_json")
    assert refusal(b"[123456789012345678901," + closed + b"]").reason == "too_deep"


def test_an_integer_too_long_for_python_is_refused_as_that():
    error = refusal(b'{"n": ' + b"7" * 5000 + b"}")
    assert error.reason != "invalid_json", "JSON sets no limit to integers: this is valid"
    assert "sys." not in error.detail, "users cannot act on Python's internals"


# Writing


@given(odd_values)
def test_what_is_written_reads_the_same(value):
    text = codec.dumps(value)
    assert b"\n" not in text
    assert b"\t" not in text
    assert same_json(json.loads(text), json.loads(json.dumps(value))) is None
    assert same_json(codec.loads(text), json.loads(text)) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(-0.0)
@example(1e16)
@example(123456789012345680000.0)
def test_floats_are_written_to_the_last_bit(value):
    assert same_json(codec.loads(codec.dumps(value)), value) is None
    assert same_json(codec.loads(codec.dumps([value, 10**30])), [value, 10**30]) is None


def test_text_is_written_as_utf_8():
    assert codec.dumps({"ü": "对话 👍"}) == '{"ü":"对话 👍"}'.encode()


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def test_writing_deep_nesting_is_refused():
    with pytest.raises(RowError) as refused:
        codec.dumps(nested(100_000))
    assert refused.value.reason == "too_deep"


def called_from(depth: int, function):
    """Call `function` with `depth` frames more on the stack."""
    return function() if depth == 0 else called_from(depth - 1, function)


def outcome(text: bytes) -> str:
    try:
        codec.dumps(codec.loads(text))
    except RowError as error:
        return error.reason
    return "fine"


@pytest.mark.parametrize("number", [b"1", b"123456789012345678901"])
def test_how_deep_json_may_be_nested_does_not_depend_on_the_caller(number):
    """Engines call from stacks of different depths; their outputs must be the same."""
    depths = range(100, 1100, 20)
    texts = [b"[" * depth + number + b"]" * depth for depth in depths]
    shallow = [outcome(text) for text in texts]
    deep = called_from(400, lambda: [outcome(text) for text in texts])
    pairs = zip(depths, shallow, deep, strict=True)
    assert [pair for pair in pairs if pair[1] != pair[2]] == []


@pytest.mark.parametrize("innermost", [b"1", b"123456789012345678901", b'"\\ud800"'])
def test_250_levels_are_accepted_however_they_are_read_and_written(innermost):
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        found = [
            outcome(opening * depth + innermost + closing * depth) for depth in range(245, 256)
        ]
        assert found[:6] == ["fine"] * 6
        assert set(found[6:-1]) <= {"fine", "too_deep"}
        assert found[-1] == "too_deep"


@settings(max_examples=30)
@given(st.integers(0, 240))
def test_usual_nesting_is_kept(depth):
    value = nested(depth)
    assert codec.loads(codec.dumps(value)) == value

"""Scanning and joining text: what is compiled and what is interpreted say the same."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alm.rows import codec
from alm.rows.text import has_long_digits, joined


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=30) | st.from_regex(rb"[0-9]{15,25}", fullmatch=True)))
def test_long_digits(parts):
    text = b"".join(parts)
    assert has_long_digits(text) == bool(re.search(rb"[0-9]{19}", text))


@settings(max_examples=300)
@given(st.lists(st.text(max_size=20) | st.integers() | st.lists(st.text(max_size=3), max_size=3)))
def test_joined_texts(values):
    text, offsets = codec.dumps_joined(values)
    texts = [codec.dumps(value) for value in values]
    assert text == b",".join(texts)
    assert [text[a : b - 1] for a, b in pairwise(offsets)] == texts


@pytest.mark.parametrize(
    "text", [b"[1,\n,2]", b"[1]", b"[]", b"", b"[1,\n,2,\n,3,\n,4]", b"\n" * 9]
)
def test_texts_that_are_not_so_many_are_an_error(text: bytes) -> None:
    assert joined(b"[1,\n,20,\n,3]", 3) == (b"1,20,3", [0, 2, 5, 7])
    with pytest.raises((ValueError, SystemError)):
        joined(text, 3)

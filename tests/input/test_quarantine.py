"""Refused rows: where they are, why, and their text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alm.errors import InvalidRowError, RowError
from alm.input import Line, read_lines, whole_file
from alm.input.quarantine import MAX_LINE_BYTES, refused_row, stop_at, to_line

ERROR = RowError("invalid_json", "not valid JSON: somewhere")


def record_of(text: bytes) -> dict:
    return refused_row("in/a.jsonl", Line(7, 3, text), ERROR)


def test_the_fields():
    assert record_of(b'{"a": \n') == {
        "manifest_filepath": "in/a.jsonl",
        "line_number": 3,
        "byte_offset": 7,
        "byte_length": 6,
        "reason": "invalid_json",
        "detail": "not valid JSON: somewhere",
        "line": '{"a": ',
    }


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_the_line_break_does_not_count(ending):
    record = record_of(b" x " + ending)
    assert (record["byte_length"], record["line"]) == (3, " x ")


@given(st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")), max_size=8))
def test_offset_and_length_point_at_the_text(tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "offsets.jsonl"
    content = b"\n".join(texts)
    path.write_bytes(content)
    for line in read_lines(whole_file(str(path))):
        record = refused_row(str(path), line, ERROR)
        begin, length = record["byte_offset"], record["byte_length"]
        raw = content[begin : begin + length]
        assert raw == line.raw.rstrip(b"\r\n")
        assert record["line"] == raw.decode("utf-8", "replace")
        assert content[:begin].count(b"\n") + 1 == record["line_number"]
        assert json.loads(to_line(record)) == record


def test_undecodable_bytes_are_replaced():
    record = record_of("ü".encode() + b"\xff\xed\xa0\x80 ok\n")
    assert record["line"].startswith("ü\ufffd")
    assert record["line"].endswith("\ufffd ok")
    assert record["byte_length"] == 2 + 4 + 3
    assert json.loads(to_line(record)) == record


@pytest.mark.parametrize("more", [-1, 0])
def test_up_to_a_mebibyte_is_kept_whole(more):
    text = b"x" * (MAX_LINE_BYTES + more)
    assert record_of(text + b"\r\n")["line"] == text.decode()
    assert MAX_LINE_BYTES == 1 << 20


def test_more_than_a_mebibyte_is_cut_and_says_so():
    record = record_of(b"x" * (MAX_LINE_BYTES + 1) + b"\n")
    text, note = record["line"][:MAX_LINE_BYTES], record["line"][MAX_LINE_BYTES:]
    assert text == "x" * MAX_LINE_BYTES
    assert note == "… [cut after 1048576 of 1048577 bytes]"
    assert record["byte_length"] == MAX_LINE_BYTES + 1


@pytest.mark.parametrize("before", [0, 1])
def test_a_cut_makes_no_good_letter_undecodable(before):
    """U+FFFD means that the manifest has undecodable bytes there."""
    record = record_of(b"x" * before + "ü".encode() * MAX_LINE_BYTES)
    assert "\ufffd" not in record["line"]


def test_a_record_is_one_line_of_json():
    record = refused_row("in/\n\udcff.jsonl", Line(0, 1, b"\x00\t\x1b[0m"), ERROR)
    line = to_line(record)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line) == record


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_stop_at_names_the_file_and_the_line_whatever_range_was_read(tmp_path, bom, number):
    path = tmp_path / "a.jsonl"
    path.write_bytes(bom + b"first\r\n\n\nfourth\n")
    line = {line.number: line for line in read_lines(whole_file(str(path)))}[number]
    error = stop_at(str(path), line.offset, ERROR)
    assert isinstance(error, InvalidRowError)
    assert f"{path}, line {number} (byte {line.offset})" in str(error)
    assert "not valid JSON: somewhere [invalid_json]" in str(error)

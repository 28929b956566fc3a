"""Few bars of much data: whatever is joined, nothing that was counted is lost."""

from hypothesis import given
from hypothesis import strategies as st

from alm.report.bins import MOST_BINS, MOST_COLUMNS, ranges, whole_numbers


@given(
    st.dictionaries(st.integers(-50, 3_000).map(lambda n: str(5 * n)), st.integers(1, 10**6)),
    st.integers(0, 10_000),
)
def test_ranges_keep_the_amount(counts: dict[str, int], enough: int) -> None:
    bins = ranges(counts, 5, first=0, last=10_000, enough=enough)
    assert sum(bin_.amount for bin_ in bins) == sum(counts.values())
    assert len({bin_.low for bin_ in bins}) <= MOST_BINS + 1
    assert all(0 <= bin_.low < bin_.high for bin_ in bins)
    below = sum(
        amount for edge, amount in counts.items() if min(max(int(edge), 0), 9_995) + 5 <= enough
    )
    assert sum(bin_.amount for bin_ in bins if not bin_.enough) == below


@given(st.dictionaries(st.integers(0, 100_000).map(str), st.integers(1, 10**6), min_size=1))
def test_whole_numbers_keep_the_amount(counts: dict[str, int]) -> None:
    columns = whole_numbers(counts, 0, 1)
    assert sum(column.amount for column in columns) == sum(counts.values())
    assert len(columns) <= MOST_COLUMNS + 1
    assert columns[0] == ("0", counts.get("0", 0), True)

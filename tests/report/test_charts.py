"""Charts: what their script draws, in figures and in words."""

from alm.report import charts


def test_named_columns_say_what_they_hold() -> None:
    columns = [charts.Column("16", 7200.0), charts.Column("8", 1800.0, False)]
    chart = charts.columns(columns, "Speech by rate", "rate in kHz", "of speech")
    assert (chart["x"], chart["y"], chart["domain"]) == ("rate in kHz", "hours of speech", None)
    assert not chart["whole"]
    assert [(bar["name"], bar["amount"], bar["enough"]) for bar in chart["bars"]] == [
        ("16", 2.0, True),
        ("8", 0.5, False),
    ]
    assert chart["bars"][0]["words"] == "2.00 h of speech"


def test_bins_of_the_same_range_are_stacked() -> None:
    bins = [charts.Bin(1, 2, 3, False), charts.Bin(1, 2, 4), charts.Bin(2, 3, 1)]
    chart = charts.histogram(bins, "bins", "x", "windows", [charts.Limit(2.0, "enough")])
    assert [(bar["base"], bar["amount"]) for bar in chart["bars"]] == [(0, 3), (3, 4), (0, 1)]
    assert chart["bars"][2]["words"] == "1 window"
    assert chart["bars"][2]["name"] == "2 to 3"
    assert chart["limits"] == [{"at": 2.0, "name": "enough"}]
    assert chart["domain"] == (0, 2 + 8 / 2), "a few bins do not fill a chart"
    wide = charts.histogram(
        [charts.Bin(k, k + 1, 1) for k in range(5, 55)], "bins", "x", "of speech"
    )
    assert wide["domain"] == (5 - 2, 55 + 2)
    assert charts.histogram(bins, "bins", "x", "windows", domain=(0, 9))["domain"] == (0, 9)


def test_bars_are_lengths_of_the_longest() -> None:
    drawn = charts.bars([charts.Bar("a", 1.0, "1 h", 2.0), charts.Bar("b", 0.0, "0 h")])
    assert [(bar["front"], bar["behind"]) for bar in drawn] == [(50.0, 100.0), (0.0, 0.0)]
    assert charts.bars([charts.Bar("a", 0, "0 h")])[0]["front"] == 0

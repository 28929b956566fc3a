"""The charts of the report are what Vega-Lite reads."""

import altair
import pytest
from jsonschema import ValidationError

from alm.report import charts


def test_charts_are_what_vega_lite_reads() -> None:
    limits = [charts.Limit(2.0, "enough")]
    for chart in (
        charts.columns([charts.Column("2", 3), charts.Column("3", 0)], "columns", "x", "windows"),
        charts.histogram([charts.Bin(1, 2, 3), charts.Bin(2, 4, 1)], "bins", "x", "of speech"),
        charts.histogram([charts.Bin(1, 2, 3, False)], "bins", "x", "windows", limits, (0, 100)),
    ):
        altair.LayerChart.from_dict(chart)
        with pytest.raises(ValidationError, match="star"):
            altair.LayerChart.from_dict({**chart, "layer": [{**chart["layer"][0], "mark": "star"}]})


def test_bars_are_lengths_of_the_longest() -> None:
    drawn = charts.bars([charts.Bar("a", 1.0, "1 h", 2.0), charts.Bar("b", 0.0, "0 h")])
    assert [(bar["front"], bar["behind"]) for bar in drawn] == [(50.0, 100.0), (0.0, 0.0)]
    assert charts.bars([charts.Bar("a", 0, "0 h")])[0]["front"] == 0

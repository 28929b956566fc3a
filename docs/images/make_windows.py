"""Draw docs/images/windows.png: what the workflow does with one recording of the sample.

python docs/images/make_windows.py
"""

import json
from pathlib import Path
from typing import Any

import altair as alt

from alm import OverlapParams, WindowParams, build_windows, filter_overlaps

HERE = Path(__file__).parent
MANIFEST = HERE.parents[1] / "workflow/sample/manifests/meetings/standups.jsonl"
RECORDING = "monday.wav"

WIDTH = 1080
COLORS = ["#23708f", "#d98e3f", "#7a9e4e", "#9a6aa8"]
KEPT, CANDIDATE, TEXT, MUTED = "#1b1f26", "#c3cad3", "#1b1f26", "#5d6572"


def curated() -> dict[str, Any]:
    """The recording with its candidate windows and the filtered ones."""
    rows = map(json.loads, MANIFEST.read_text(encoding="utf-8").splitlines())
    row = next(row for row in rows if row["audio_filepath"].endswith(RECORDING))
    windows = build_windows(row, WindowParams(drop_fields_top_level="words"))
    return filter_overlaps(windows, OverlapParams(overlap_percentage=50))


def draw(row: dict[str, Any]) -> alt.VConcatChart:
    """Three lanes over one time axis: segments, candidates, kept windows."""
    minutes = alt.Scale(domain=[0, row["duration"] / 60], nice=False)
    x, x2 = alt.X("start:Q", scale=minutes, axis=None), "end:Q"

    def chart(values: list[dict[str, Any]], title: str, about: str, height: int) -> alt.Chart:
        heading = alt.TitleParams(title, subtitle=about, anchor="start", frame="group", offset=8)
        return alt.Chart(alt.InlineData(values=values)).properties(
            width=WIDTH, height=height, title=heading
        )

    labels = list(dict.fromkeys(s["speaker"] for s in row["segments"] if s.get("speaker")))
    names = {label: f"speaker {number}" for number, label in enumerate(labels, 1)}
    segments = [
        {"start": s["start"] / 60, "end": s["end"] / 60, "speaker": names[s["speaker"]]}
        for s in row["segments"]
        if s.get("speaker")
    ]
    kept = row["filtered"]
    candidates = [
        {"start": start / 60, "end": end / 60, "lane": lane, "kept": [end, start] in kept}
        for lane, (end, start) in enumerate(row["total_dur_list_window_timestamps"])
    ]
    results = [
        {"start": start / 60, "end": end / 60, "name": f"{end - start:.0f} s"}
        for end, start in kept
    ]
    talk = (
        chart(
            segments,
            "A recording: who speaks when",
            f"{len(row['segments'])} segments of {len(names)} speakers",
            92,
        )
        .mark_bar(height=19, cornerRadius=2)
        .encode(
            x=x,
            x2=x2,
            y=alt.Y("speaker:N", title=None, axis=alt.Axis(domain=False, ticks=False)),
            color=alt.Color("speaker:N", scale=alt.Scale(range=COLORS), legend=None),
        )
    )
    built = (
        chart(
            candidates,
            f"{len(candidates)} candidate windows",
            "one from each segment that starts 108 to 132 s of talk between 2 to 5 speakers",
            4 * len(candidates),
        )
        .mark_bar(cornerRadius=1)
        .encode(
            x=x,
            x2=x2,
            y=alt.Y("lane:O", axis=None, scale=alt.Scale(paddingInner=0.3)),
            color=alt.condition("datum.kept", alt.value(KEPT), alt.value(CANDIDATE)),
        )
    )
    left = chart(
        results,
        f"{len(results)} windows kept",
        "of those that share half of their length or more, the one nearest to 120 s stays",
        34,
    )
    bars = left.mark_bar(height=30, cornerRadius=4, color=KEPT).encode(
        x=alt.X(
            "start:Q",
            scale=minutes,
            title="minutes",
            axis=alt.Axis(grid=False, values=[0, 1, 2, 3, 4, 5], format=".0f"),
        ),
        x2=x2,
    )
    lengths = left.mark_text(color="white", fontSize=15, fontWeight="bold").encode(
        x=alt.X("middle:Q"), text="name:N"
    )
    lengths = lengths.transform_calculate(middle="(datum.start + datum.end) / 2")
    return (
        alt.vconcat(talk, built, bars + lengths, spacing=26)
        .configure(background="white", padding=22, font="DejaVu Sans, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_title(fontSize=17, color=TEXT, subtitleFontSize=13, subtitleColor=MUTED)
        .configure_axis(
            labelFontSize=13,
            titleFontSize=13,
            labelColor=MUTED,
            titleColor=MUTED,
            titleFontWeight="normal",
            domainColor=CANDIDATE,
            tickColor=CANDIDATE,
        )
    )


if __name__ == "__main__":
    draw(curated()).save(HERE / "windows.png", scale_factor=1.5)

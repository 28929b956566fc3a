"""Draw docs/images/windows.png: what the workflow does with one recording of the sample.

python docs/images/make_windows.py
"""

import json
from pathlib import Path
from typing import Any

import altair as alt
import yaml

from alm import build_windows, filter_overlaps
from alm.config import load_config

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MANIFEST = ROOT / "workflow/sample/manifests/interviews.jsonl"
RECORDING = "panadería.wav"

WIDTH = 1080
COLORS = ["#23708f", "#d98e3f", "#7a9e4e", "#9a6aa8"]
KEPT, CANDIDATE, TEXT, MUTED = "#1b1f26", "#c3cad3", "#1b1f26", "#5d6572"


def curated(*settings: str) -> dict[str, Any]:
    """The recording with its candidate windows and those that stay by some files of settings."""
    rows = map(json.loads, MANIFEST.read_text(encoding="utf-8").splitlines())
    row = next(row for row in rows if row["audio_filepath"].endswith(RECORDING))
    chosen = {"drop_fields_top_level": "words"}
    for name in settings:
        chosen |= yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))
    config = load_config(chosen)
    return filter_overlaps(build_windows(row, config.window), config.overlap)


def draw(row: dict[str, Any], best: dict[str, Any]) -> alt.VConcatChart:
    """Lanes over one time axis: segments, candidates, what the reference keeps, and what can be."""
    minutes = alt.Scale(domain=[0, row["duration"] / 60], nice=False)
    x, x2 = alt.X("start:Q", scale=minutes, axis=None), "end:Q"

    def chart(values: list[dict[str, Any]], title: str, about: str, height: int) -> alt.Chart:
        heading = alt.TitleParams(title, subtitle=about, anchor="start", frame="group", offset=8)
        return alt.Chart(alt.InlineData(values=values)).properties(
            width=WIDTH, height=height, title=heading
        )

    def lane(spans: list[Any], title: str, about: str, axis: alt.Axis | None) -> alt.LayerChart:
        values = [
            {"start": start / 60, "end": end / 60, "name": f"{end - start:.0f} s"}
            for end, start in spans
        ]
        base = chart(values, title, about, 34)
        across = alt.X("start:Q", scale=minutes, axis=axis, title="minutes" if axis else None)
        bars = base.mark_bar(height=30, cornerRadius=4, color=KEPT).encode(x=across, x2=x2)
        names = base.transform_calculate(middle="(datum.start + datum.end) / 2")
        names = names.mark_text(color="white", fontSize=15, fontWeight="bold")
        return bars + names.encode(x="middle:Q", text="name:N")

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
    windows = "1 window" if len(kept) == 1 else f"{len(kept)} windows"
    by_reference = lane(
        kept,
        f"The reference keeps {windows}",
        "of those that share half of their length or more, the one nearest to 120 s stays",
        None,
    )
    by_best_yield = lane(
        best["filtered"],
        f"config/best_yield.yaml keeps {len(best['filtered'])}",
        "the set of windows that covers most, of all lengths allowed, no second twice",
        alt.Axis(grid=False, tickCount=5, format=".0f"),
    )
    return (
        alt.vconcat(talk, built, by_reference, by_best_yield, spacing=26)
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
    draw(curated(), curated("best_yield.yaml")).save(HERE / "windows.png", scale_factor=1.5)

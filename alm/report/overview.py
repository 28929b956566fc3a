"""The first page: how much was kept, where the rest went, and what to do about it."""

from __future__ import annotations

from typing import Any

from alm.report import charts
from alm.report.charts import Bar
from alm.report.html import Html, exact, table, tag
from alm.report.page import cards, figure, notice, page, section
from alm.statistics.outcome import LOSSES, PARTS_OF_LOST_WIN, Stats, nothing_kept, outcome, wanted
from alm.statistics.survey import STOPS
from alm.text import count, counted, duration, number, percent


def overview(stats: Stats, library: str) -> str:
    """The page ``overview.html``; ``library`` draws its charts."""
    title, lead = outcome(stats)
    if stats["audio"]["segments"]:
        details = [
            section(
                "Where the audio went",
                _funnel(stats),
                tag("div", _losses(stats), _stops(stats), class_="grid"),
            ),
            _findings(stats),
            _smells(stats),
        ]
    else:
        details = [section("Where the audio went", notice(f"{nothing_kept(stats)}."))]
    sections = key_figures(stats), _request(stats), *details, _provenance(stats)
    return page(title, lead, *sections, library=library)


def key_figures(stats: Stats) -> Html:
    """What everybody asks for first."""
    audio = stats["audio"]
    rows = stats["entries"] + stats["quarantined"]
    seconds_in, kept = audio["recording_dur"], audio["kept_dur"]
    return cards(
        [
            (
                "Audio in",
                exact(seconds_in, duration(seconds_in), "recording_dur"),
                "length of all recordings",
            ),
            (
                "Audio kept",
                exact(kept, duration(kept), "kept_dur"),
                "in windows, overlaps counted once",
            ),
            ("Yield", exact(audio["yield"], percent(audio["yield"]), "yield"), "kept, of audio in"),
            (
                "Windows",
                exact(
                    stats["filtered_windows"], count(stats["filtered_windows"]), "filtered_windows"
                ),
                f"of {counted(stats['windows'], 'candidate')}",
            ),
            (
                "Recordings",
                exact(audio["recordings"], count(audio["recordings"]), "recordings"),
                f"in {counted(stats['manifests'], 'manifest')}",
            ),
            (
                "Quarantined",
                exact(stats["quarantined"], count(stats["quarantined"]), "quarantined"),
                f"of {counted(rows, 'row')}",
            ),
        ]
    )


def _request(stats: Stats) -> Html:
    window, parameters = wanted(stats), stats["parameters"]
    return tag(
        "p",
        f"Asked for: windows of {number(window.shortest)} to {number(window.longest)} s with "
        f"{number(window.min_speakers)} to {number(window.max_speakers)} speakers, from recordings "
        f"of {number(window.min_sample_rate)} Hz or more, in segments with a bandwidth of "
        f"{number(window.min_bandwidth)} Hz or more. Of windows that share "
        f"{number(parameters['overlap_percentage'])} % or more of their length, one stays.",
        class_="request",
    )


def _funnel(stats: Stats) -> Html:
    steps = stats["funnel"]
    speech = steps[0]["seconds"]
    rows = []
    before = speech
    for step in steps:
        seconds = max(0.0, step["seconds"])
        share = f" · {percent(seconds / speech)}" if speech > 0 else ""
        rows.append(Bar(_sentence(step["step"]), seconds, f"{duration(seconds)}{share}", before))
        before = seconds
    return figure(
        "How much speech is left after each step?",
        "All speech of the input, segment by segment. Pale: what the step cost.",
        charts.bars(rows, "Speech that is left after each step") if speech > 0 else None,
        empty="No segment lasts any time.",
    )


def _losses(stats: Stats) -> Html:
    lost = stats["lost"]
    rows = [
        Bar(
            f"{'↳ ' if reason in PARTS_OF_LOST_WIN else ''}{LOSSES[reason]}",
            lost[f"dur_{reason}"],
            f"{counted(lost[reason], 'segment')} · {duration(lost[f'dur_{reason}'])}",
        )
        for reason in LOSSES
        if lost.get(reason)
    ]
    return figure(
        "Why did segments start no window?",
        "Every segment may start a window. One that does not can still lie inside a window that "
        "an earlier one started.",
        charts.bars(rows, "Segments that started no window, by reason") if rows else None,
        empty="None: every segment started a window.",
    )


def _stops(stats: Stats) -> Html:
    found = stats["distributions"]["stopped_by"]
    rows = [
        Bar(_sentence(STOPS[cause]), found[cause], f"{counted(found[cause], 'start')}")
        for cause in sorted(found, key=lambda cause: -found[cause])
    ]
    return figure(
        "What kept windows from the right length?",
        "What came before the shortest accepted length was reached, or carried the window past "
        "the longest.",
        charts.bars(rows, "Starts that reached no accepted length, by cause") if rows else None,
        empty="Nothing: every start that was tried reached it."
        if stats["windows"]
        else "No segment was fit to start a window.",
    )


def _findings(stats: Stats) -> Html:
    findings = [
        tag(
            "div",
            tag(
                "div",
                tag("div", duration(finding["seconds"]), class_="size"),
                tag("div", _amount(finding), class_="note"),
            ),
            tag(
                "div",
                tag("h3", LOSSES[finding["loss"]], tag("code", finding["loss"])),
                tag("p", finding["finding"]),
                tag("p", tag("b", "What to do: "), finding["action"], class_="action"),
            ),
            class_="finding",
        )
        for finding in stats["diagnosis"]
    ]
    if not findings:
        return section("What to do about it", about="Nothing was lost, so there is nothing to do.")
    return section(
        "What to do about it",
        tag("div", *findings, class_="findings"),
        about="Computed from this run, the largest loss first. Windows depend on all segments "
        "around them, so what a changed setting would bring back can only be bounded.",
    )


def _amount(finding: dict[str, Any]) -> str:
    if finding["loss"] == "near_duplicates":
        what, whole = "window", "candidates"
    else:
        what, whole = "segment", "speech"
    return f"{counted(finding['amount'], what)}, {percent(finding['share'])} of all {whole}"


def _smells(stats: Stats) -> Html:
    found = [smell for smell in stats["smells"].values() if smell["count"]]
    title = "Worth a look in the data"
    if not found:
        return section(title, about="Nothing odd was found in the input.")
    items = (tag("li", tag("b", count(smell["count"])), smell["meaning"]) for smell in found)
    return section(
        title,
        tag("ul", *items, class_="plain"),
        about="Nothing here is an error, but windows silently depend on it.",
    )


def _provenance(stats: Stats) -> Html:
    tables = (
        tag(
            "div",
            tag("h3", title),
            table(
                [("name", False), ("value", False)],
                ((tag("code", name, class_="name"), _setting(value)) for name, value in of.items()),
            ),
            class_="panel",
        )
        for title, of in (("Settings", stats["parameters"]), ("Versions", stats["versions"]))
    )
    return section(
        "How it was made",
        tag("div", *tables, class_="grid"),
        about=f"Engine (backend): {stats['parameters']['backend']}.",
    )


def _setting(value: object) -> str:
    """A configured value as one would write it in YAML, but for long lists."""
    if isinstance(value, list):
        return ", ".join(map(str, value[:10])) + (f", … ({len(value)})" if len(value) > 10 else "")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]

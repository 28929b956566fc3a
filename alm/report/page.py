"""The frame of a page: one file that needs nothing else, and that can load nothing else.

Its content security policy forbids every request, and every script but ours: what a manifest
holds cannot become code, even if it were not escaped.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence

from alm.report.charts import Chart
from alm.report.html import Html, escape, join, tag
from alm.report.style import CSS, DRAW, SORT


def page(title: str, lead: str, *sections: Html, library: str = "") -> str:
    """A whole page.

    Args:
        title: what there is to know, in one line.
        lead: the sentence below it.
        sections: the content, with charts as :func:`figure` makes them.
        library: what draws these, see :func:`alm.report.charts.library`.
    """
    content = join(sections)
    scripts = [SORT] if '<table class="sortable"' in content else []
    if 'class="plot"' in content:
        scripts += [library, DRAW]
    policy = "; ".join(
        (
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "script-src 'unsafe-eval' " + " ".join(map(_hash, scripts)),  # Vega compiles formulas
        )
    )
    head = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n"
    )
    header = tag("header", tag("h1", title), tag("p", lead, class_="lead"))
    body = tag("main", header, content)
    tail = "".join(f"<script>{script}</script>\n" for script in scripts)
    return f"{head}<body>\n{body}\n{tail}</body>\n</html>\n"


def _hash(script: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def section(title: str, *children: object, about: str | None = None) -> Html:
    """A part of a page under a heading, with a sentence or two about it."""
    note = about and tag("p", about, class_="about")
    return tag("section", tag("h2", title), note, *children)


def figure(title: str, about: str, chart: Chart | None, empty: str = "") -> Html:
    """A chart with its title; without a chart, the words that say why there is none."""
    caption = tag("figcaption", tag("h3", title), tag("p", about))
    if chart is None:
        return tag("figure", caption, tag("p", empty, class_="empty"))
    # In a script element only "<" could end it early.
    text = json.dumps(chart, allow_nan=False).replace("<", "\\u003c")
    specification = Html(f'<script type="application/json">{text}</script>')
    return tag("figure", caption, tag("div", class_="plot"), specification)


def cards(figures: Sequence[tuple[str, object, str]]) -> Html:
    """Key figures: what each is, the figure itself, and what to compare it with."""
    return tag(
        "div",
        *(
            tag(
                "div",
                tag("div", name, class_="name"),
                tag("div", value, class_="value"),
                tag("div", note, class_="note"),
                class_="card",
            )
            for name, value, note in figures
        ),
        class_="cards",
    )


def notice(text: str) -> Html:
    """A sentence that must not be overlooked."""
    return tag("p", text, class_="notice", role="note")

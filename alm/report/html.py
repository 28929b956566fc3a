"""Markup that cannot be broken by what it shows: text is escaped unless it is markup already."""

from __future__ import annotations

import html
from collections.abc import Iterable


class Html(str):
    """Text that is markup, as made by :func:`tag`."""

    __slots__ = ()


def escape(text: object) -> Html:
    """``text`` as markup: nothing in it is a tag, and whatever cannot be seen is spelled out.

    >>> escape("<b>\\u202e")
    '&lt;b&gt;\\\\u202e'
    """
    if isinstance(text, Html):
        return text
    return Html(html.escape("".join(map(_visible, str(text)))))


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def tag(name: str, *children: object, **attributes: object) -> Html:
    """An element with ``children``, those that are None left out.

    Attributes that are None are left out, too; ``class_`` is the attribute ``class``, and
    ``aria_label`` is ``aria-label``.

    >>> tag("p", "1 < 2", tag("b", "!"), class_="note")
    '<p class="note">1 &lt; 2<b>!</b></p>'
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{shown}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Html:
    """One after the other, those that are None left out."""
    return Html("".join(escape(child) for child in children if child is not None))


def table(
    columns: Iterable[tuple[str, bool]], rows: Iterable[Iterable[object]], sortable: bool = False
) -> Html:
    """A table.

    Args:
        columns: the title of each, and whether it holds numbers.
        rows: the cells.
        sortable: whether a click on a title sorts by that column; a cell that is a ``data``
            element is sorted by its value.
    """
    columns = list(columns)
    kinds = ["number" if numbers else None for _, numbers in columns]
    head = [
        tag("th", tag("button", title, type="button") if sortable else title, class_=kind)
        for (title, _), kind in zip(columns, kinds, strict=True)
    ]
    body = [
        tag("tr", *(tag("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True)))
        for row in rows
    ]
    content = tag("thead", tag("tr", *head)), tag("tbody", *body)
    return tag(
        "div", tag("table", *content, class_="sortable" if sortable else None), class_="wide"
    )


def exact(value: float, shown: str, name: str | None = None) -> Html:
    """A figure that carries its exact value along, for sorting and for tests.

    >>> exact(0.5, "50.0 %")
    '<data value="0.5">50.0 %</data>'
    """
    return tag("data", shown, value=value, id=name)

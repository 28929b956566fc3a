"""Values -> a page: one self-contained file that cannot load anything.

Manifests come from anywhere, so a page guards itself twice. Whatever a template shows is escaped,
and characters that cannot be seen are spelled out. And its content security policy forbids every
request, and every script but ours, so that even text that was not escaped could not run.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from importlib import resources

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alm import text
from alm.report import static, templates

PAGES = {
    "overview": "Overview",
    "windows": "Windows",
    "recordings": "Recordings",
    "manifests": "Manifests",
    "quarantine": "Quarantine",
    "runtime": "Run time",
}
"""The pages of the report, and their names, in order."""


def render(page: str, values: Mapping[str, object]) -> str:
    """The HTML of a page.

    Args:
        page: its name: ``overview`` is made from ``templates/overview.html.j2``.
        values: what the template shows.
    """
    template = _environment().get_template(f"{page}.html.j2")
    return template.render(values, page=page)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates.__path__),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # The filter escapes what could end a script element; JSON knows no NaN.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False}
    environment.globals |= {"static": _static, "PAGES": PAGES}
    environment.filters |= {
        "amount": text.count,
        "counted": text.counted,
        "duration": text.duration,
        "hours": lambda value: text.duration(3600 * value),
        "memory": text.memory,
        "number": text.number,
        "percent": text.percent,
        "sha256": _sha256,
        "shortened": text.shortened,
    }
    return environment


def visible(value: object) -> object:
    """A value as it can be shown: text with all that cannot be seen spelled out, markup as it is.

    >>> visible("left\\u202eright")
    'left\\\\u202eright'
    """
    if hasattr(value, "__html__") or (shown := str(value)).isprintable():
        return value
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def _static(name: str) -> str:
    return resources.files(static).joinpath(name).read_text(encoding="utf-8")


def _sha256(script: str) -> str:
    """How a content security policy names a script that it allows."""
    return b64encode(hashlib.sha256(script.encode()).digest()).decode()

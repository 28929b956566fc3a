"""What is said in a window, as one text with its speakers."""

from __future__ import annotations

import re

from alm.exports.example import Example
from alm.params import ExportParams


def rendered(example: Example, params: ExportParams) -> str:
    """The turns of a window as lines of text, each as ``export_turn`` says.

    What nobody is named for is part of no turn; where there is no turn at all, the plain text.
    """
    lines = [
        _filled(params.export_turn, speaker=turn["speaker"], text=turn["text"])
        for turn in example["turns"]
        if turn["text"]
    ]
    return "\n".join(lines) or str(example["text"])


def _filled(template: str, speaker: str, text: str) -> str:
    """Both put in at once: a speaker may be called ``{text}``."""
    parts = re.split(r"(\{speaker\}|\{text\})", template)
    values = {"{speaker}": speaker, "{text}": text}
    return "".join(values.get(part, part) for part in parts)

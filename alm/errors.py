"""The errors that users meet: each message says what is wrong, where, and what to do."""


class AlmError(Exception):
    """Base of all errors that this package raises on purpose."""


class ParameterError(AlmError, ValueError):
    """A parameter has a value that is not allowed."""


class ManifestError(AlmError):
    """A manifest is missing or unreadable, or a folder that should hold some holds none."""


class RowError(AlmError):
    """One row of a manifest cannot be processed.

    ``reason`` is a short code that programs can group by, ``detail`` a sentence for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.detail} [{self.reason}]"


class InvalidRowError(AlmError):
    """A row cannot be processed and the caller asked to stop at the first such row."""


class OutOfMemoryError(AlmError):
    """The memory of the machine, or of the job, is not enough for a row."""


class TooManyInvalidError(AlmError):
    """More rows were quarantined than ``max_invalid_fraction`` allows."""


class AudioError(AlmError):
    """Audio cannot be read here: a library is missing."""


class DamageError(AlmError):
    """A file that one job handed to the next is not as it was written."""


class EngineError(AlmError):
    """An engine (Ray, Xenna) cannot run or died."""

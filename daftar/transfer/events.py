"""Facts this package announces."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ImportStarted:
    """A checked file is to be taken over."""

    import_id: int


@dataclass(frozen=True)
class ImportUndone:
    """What a file brought is to be taken back."""

    import_id: int

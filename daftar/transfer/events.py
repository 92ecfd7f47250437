"""Facts this package announces."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ImportStarted:
    """A checked file is to be taken over."""

    import_id: int

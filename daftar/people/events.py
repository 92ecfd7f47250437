"""Facts this package announces."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FamiliesChanged:
    """Who pays for these students, or whether they study, is not what it was; the payers are those of before.

    `since`: the day from which, in ISO letters; empty: from today.
    """

    student_ids: tuple[int, ...]
    payer_ids: tuple[int, ...] = ()
    since: str = ""

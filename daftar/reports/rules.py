"""What a payment was for, where nobody says so: the oldest money pays for the oldest debt."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    Amount = tuple["Source", int]

Source = TypeVar("Source", bound="Hashable")
Use = TypeVar("Use", bound="Hashable")


def settled(
    came: Sequence[tuple[Source, int]], owed: Iterable[tuple[Use, int]]
) -> dict[tuple[Source, Use | None], int]:
    """How much of each source went to each use; to None what is not used yet.

    Money and debts of one account, each in the order of their days, none below zero. Of every source exactly its sum
    is told, in minor units; a debt that no money is left for is left out.
    """
    found: dict[tuple[Source, Use | None], int] = defaultdict(int)
    purse = list(came)
    place = 0
    left = purse[0][1] if purse else 0
    for use, amount in owed:
        open_sum = amount
        while open_sum and place < len(purse):
            part = min(left, open_sum)
            if part:
                found[purse[place][0], use] += part
            left, open_sum = left - part, open_sum - part
            if not left:
                place += 1
                left = purse[place][1] if place < len(purse) else 0
    if left:
        found[purse[place][0], None] += left
    for source, amount in purse[place + 1 :]:
        if amount:
            found[source, None] += amount
    return dict(found)

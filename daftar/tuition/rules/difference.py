"""What is missing between the charges that are due and those that are posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daftar.tuition.rules.charging import ChargeDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedCharge:
    """A charge in the ledger that is not reversed; `amount` in minor units above zero."""

    transfer_id: int
    subscription_id: int
    key: str
    on: date
    amount: int


def difference(due: Sequence[ChargeDraft], posted: Sequence[PostedCharge]) -> tuple[list[int], list[ChargeDraft]]:
    """The transfers to reverse and the charges to post, so that what is posted is what is due.

    A posted charge stays when subscription, key, day and amount are due; each due charge keeps one. Both lists keep the
    order they came in. Done and asked again, both are empty.
    """
    missing = {_identity(draft): draft for draft in due}
    to_reverse = [charge.transfer_id for charge in posted if missing.pop(_identity(charge), None) is None]
    return to_reverse, list(missing.values())


def _identity(charge: ChargeDraft | PostedCharge) -> tuple[int, str, date, int]:
    return (charge.subscription_id, charge.key, charge.on, charge.amount)

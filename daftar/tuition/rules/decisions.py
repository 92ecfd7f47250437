"""The decisions of a centre that pricing follows beside D1 to D4, which stand among the facts themselves."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from daftar.orgs.rules import (
    ANSWERS,
    AccountFirst,
    BackdatedCharges,
    CancelledLessons,
    GroupEdges,
    MovedLessons,
    SeveralDiscounts,
    ShortMonths,
    UnservedLessons,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The answers to D5, D6, D8, D9, D10, D12, D13 and D14, in this order."""

    several_discounts: SeveralDiscounts = SeveralDiscounts.BEST
    account_first: AccountFirst = AccountFirst.SEPARATE
    unserved_lessons: UnservedLessons = UnservedLessons.CREDITED
    cancelled_lessons: CancelledLessons = CancelledLessons.CREDITED
    moved_lessons: MovedLessons = MovedLessons.FIRST_DAY
    backdated_charges: BackdatedCharges = BackdatedCharges.EVERY_MONTH
    group_edges: GroupEdges = GroupEdges.WHOLE_MONTH
    short_months: ShortMonths = ShortMonths.LAST_DAY


AS_USUAL = Decisions()


def decided(answer: Callable[[str], str]) -> Decisions:
    """Each decision as the answer to its name has it; ValueError for one that does not exist."""
    chosen: dict[str, Any] = {each.name: ANSWERS[each.name](answer(each.name)) for each in fields(Decisions)}
    return Decisions(**chosen)

"""Decisions on charging with two answers each; what a centre begins with comes first."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class SeveralDiscounts(StrEnum):
    """Which of several discounts comes off; they are never added (decision D5)."""

    BEST = "best"
    OLDEST = "oldest"


class AccountFirst(StrEnum):
    """Which account pays for a lesson that either could pay for (decision D6)."""

    SEPARATE = "separate"
    BASE = "base"


class UnservedLessons(StrEnum):
    """What becomes of lessons charged ahead that a pause, leaving or a transfer takes away (decision D8)."""

    CREDITED = "credited"
    KEPT = "kept"


class CancelledLessons(StrEnum):
    """What becomes of lessons charged ahead that the centre cancels (decision D9)."""

    CREDITED = "credited"
    KEPT = "kept"


class MovedLessons(StrEnum):
    """By which day months, weeks and cycles count a lesson that was moved (decision D10)."""

    FIRST_DAY = "first_day"
    NEW_DAY = "new_day"


class BackdatedCharges(StrEnum):
    """What an activation entered later than its month charges (decision D12)."""

    EVERY_MONTH = "every_month"
    SINCE_ENTRY = "since_entry"


class GroupEdges(StrEnum):
    """What the month is measured by in which a group begins or ends (decision D13)."""

    WHOLE_MONTH = "whole_month"
    GROUP_LIFE = "group_life"


class ShortMonths(StrEnum):
    """When a price of the 29th to 31st is due in a month without such a day (decision D14)."""

    LAST_DAY = "last_day"
    NEXT_FIRST = "next_first"


class ArchivedDebtors(StrEnum):
    """Whether archived students with a debt stand among the debtors where nobody asked (decision D15)."""

    HIDDEN = "hidden"
    SHOWN = "shown"


class ZeroBalance(StrEnum):
    """How a balance of zero is shown; a debt it is in neither case (decision D16)."""

    SETTLED = "settled"
    DUE = "due"


ANSWERS: Mapping[str, type[StrEnum]] = {
    "several_discounts": SeveralDiscounts,
    "account_first": AccountFirst,
    "unserved_lessons": UnservedLessons,
    "cancelled_lessons": CancelledLessons,
    "moved_lessons": MovedLessons,
    "backdated_charges": BackdatedCharges,
    "group_edges": GroupEdges,
    "short_months": ShortMonths,
    "archived_debtors": ArchivedDebtors,
    "zero_balance": ZeroBalance,
}
"""By the name that the decision has in tables, forms and files."""


def usual(name: str) -> StrEnum:
    """What a centre begins with."""
    return next(iter(ANSWERS[name]))

"""Accounts of subscriptions that have one of their own, as payments and refunds offer them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daftar.ledger.queries import separate_accounts
from daftar.lib.money import Money
from daftar.office import formats
from daftar.office.terms import name_of
from daftar.tuition.ends import ends_of
from daftar.tuition.lists import separate_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daftar.orgs.access import Actor
    from daftar.people.models import Student


@dataclass(frozen=True)
class Own:
    """The account of a subscription, by its id; below zero something is owed on it."""

    id: int
    name: str
    balance: Money
    is_over: bool

    @property
    def choice(self) -> tuple[int, str]:
        """As a form offers it, with how much is on it."""
        return self.id, f"{self.name} · {formats.money_text(self.balance)}"


def own_accounts(by: Actor, student: Student, sums: Mapping[int, int] | None = None) -> list[Own]:
    """All of a student's, those of subscriptions that are over too, the oldest first; none for who may not see them.

    `sums`: what is on each, by subscription, where it was read already.
    """
    if not by.may("tuition.view"):
        return []
    currency = student.branch.currency
    if sums is None:
        sums = {pk: account.balance or 0 for pk, account in separate_accounts(by, [student.pk]).items()}
    rows = separate_of(by, student.pk)
    ends = ends_of(by, rows)
    return [
        Own(
            row.pk, name_of(row), Money(sums.get(row.pk, 0), currency),
            is_over=(end := ends[row.pk]) is not None and end <= by.today,
        )
        for row in rows
    ]  # fmt: skip

"""`group_month`: the price on the group's own day of each month; who joins within a cycle pays for the lessons left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.tuition.rules.period import charge_cycles, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daftar.tuition.rules.charging import Case, ChargeDraft


def charges(case: Case) -> Iterator[ChargeDraft]:
    """One charge per cycle begun, counted from the group's first day; day 29 to 31 as decision D14 says.

    Without a group there is no such day, and nothing is charged.
    """
    group_id = case.subscription.group_id
    if group_id is None:
        return
    anchor = case.known.groups[group_id].starts_on
    yield from charge_cycles(case, runs(case), lambda _run: anchor, lambda cycle: cycle.due_on.isoformat())

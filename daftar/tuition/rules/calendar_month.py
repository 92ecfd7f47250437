"""`calendar_month`: the month's price in advance; at the start its part for the lessons left, then on every 1st."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.tuition.rules.period import charge_cycles, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daftar.tuition.rules.charging import Case, ChargeDraft
    from daftar.tuition.rules.period import Cycle


def charges(case: Case) -> Iterator[ChargeDraft]:
    """One charge per month begun, the first dated the start, the others the 1st (rules 9.14, 9.20, 9.24)."""
    yield from charge_cycles(case, runs(case), lambda run: run.starts_on.replace(day=1), _month)


def _month(cycle: Cycle) -> str:
    return cycle.first.isoformat()[:7]

"""`student_month`: the price on the student's own day of each month, that of the activation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from daftar.tuition.rules.period import charge_cycles, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daftar.tuition.rules.charging import Case, ChargeDraft


def charges(case: Case) -> Iterator[ChargeDraft]:
    """One charge per month since the start, the first in full too, whatever the first day counts (rule 9.14)."""
    whole = [replace(run, in_full=True) for run in runs(case)]
    yield from charge_cycles(case, whole, lambda run: run.starts_on, lambda cycle: cycle.due_on.isoformat())

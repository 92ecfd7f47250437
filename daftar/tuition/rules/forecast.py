"""What will be charged if every lesson to come takes place and is attended (seed rule R2)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from daftar.tuition.rules.coverage import as_attended, lessons_to_come
from daftar.tuition.rules.due import due

if TYPE_CHECKING:
    from datetime import date

    from daftar.tuition.rules.charging import ChargeDraft
    from daftar.tuition.rules.facts import StudentFacts


def forecast(
    facts: StudentFacts, today: date, until: date, *, still_open: frozenset[int] = frozenset()
) -> list[ChargeDraft]:
    """Every charge and credit dated after `today` and up to `until`, in order, as things stand.

    `still_open` are lessons of today that nobody has marked yet: they lie ahead too.
    """
    horizon = max(until, today + timedelta(days=1))
    coming = set(lessons_to_come(facts, today, horizon, still_open))
    return [
        draft
        for draft in due(as_attended(facts, today, coming), until)
        if draft.on > today or draft.lesson_id in still_open
    ]

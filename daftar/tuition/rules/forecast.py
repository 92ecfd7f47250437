"""What will be charged if every lesson to come takes place and is attended (seed rule R2)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from daftar.tuition.rules.coverage import as_attended, lessons_to_come
from daftar.tuition.rules.due import due

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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


def missing(
    facts: StudentFacts, drafts: Iterable[ChargeDraft], money: Mapping[int | None, int]
) -> dict[int | None, int]:
    """What each account lacks, in minor units, once it is charged all this: a debt, or what the charges cost more.

    `money` lies on the accounts of subscriptions by their id and, None, on the student's: none pays for another
    (decision D6). Accounts on which there is enough are left out.
    """
    separate = {each.id for each in facts.subscriptions if each.is_separate}
    costs: Counter[int | None] = Counter(dict.fromkeys([None, *separate], 0))
    for draft in drafts:
        costs[draft.subscription_id if draft.subscription_id in separate else None] += draft.amount
    return {pk: cost - money.get(pk, 0) for pk, cost in costs.items() if cost > money.get(pk, 0)}

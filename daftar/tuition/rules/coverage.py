"""How far the money reaches: paid until, lessons left, the next charge."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from daftar.lib.money import rounded_part
from daftar.tuition.rules.due import due
from daftar.tuition.rules.facts import AttendanceFact, LessonStatus
from daftar.tuition.rules.known import Fate, fate_of, is_paid_for, known, suspended_since
from daftar.tuition.rules.plans import PLANS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from daftar.tuition.rules.charging import ChargeDraft
    from daftar.tuition.rules.facts import LessonFact, StudentFacts

BASE = 0
"""The account that is no subscription's own."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The last covered lesson's day (None: no lesson is covered), and their number."""

    paid_until: date | None
    lessons_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The last covered lesson's day (None: no lesson is covered), their number, and the charge to come next.

    `own`: how far the account of a subscription that has its own reaches, of the lessons that it pays for.
    """

    paid_until: date | None
    lessons_left: int
    next_charge: ChargeDraft | None
    own: Mapping[int, Reached] = field(default_factory=dict)


def coverage(
    facts: StudentFacts, until: date, balance: int, *, horizon_days: int = 365, still_open: frozenset[int] = frozenset()
) -> Coverage:
    """How many of the lessons after `until` the money covers, if each of them takes place and is attended.

    `balance` is that of the base account in minor units at the end of `until`, everything due by then charged; what is
    in separate accounts follows from the payments. The walk ends at the first lesson after whose charges an account
    that pays for it is negative; lessons without cost are passed over (pricing rules 9.33 and 9.34). `still_open` are
    lessons of `until` itself that nobody has marked yet: they lie ahead too.
    """
    coming = lessons_to_come(facts, until, until + timedelta(days=horizon_days), still_open)
    by_id = {lesson.id: lesson for lesson in facts.lessons}
    drafts = due(as_attended(facts, until, set(coming)), until + timedelta(days=horizon_days))
    separate = {each.id for each in facts.subscriptions if each.is_separate}
    scheduled = {each.id for each in facts.subscriptions if PLANS[each.plan].as_scheduled}
    accounts = Counter({pk: _paid_in(facts, pk, until) for pk in separate})
    ahead, paying = [], defaultdict(set)
    for draft in drafts:
        account = draft.subscription_id if draft.subscription_id in separate else BASE
        served = draft.serves if draft.lesson_id is None else (draft.lesson_id,)
        for lesson_id in served if draft.amount > 0 else ():
            if draft.on <= by_id[lesson_id].on:  # moved to before its period's charge, it costs nothing yet
                paying[lesson_id].add(account)
        if draft.on > until or (draft.lesson_id in still_open and draft.subscription_id not in scheduled):
            moment = (draft.on,) if draft.lesson_id is None else by_id[draft.lesson_id].moment
            ahead.append((moment, account, draft))
        else:
            accounts[account] -= draft.amount
    accounts[BASE] = balance
    lessons = [by_id[pk] for pk in coming if pk in paying]
    own = {pk: _covered(lessons, ahead, accounts, _of_account(pk, paying)) for pk in separate}
    everything = _covered(lessons, ahead, accounts, paying)
    return Coverage(
        paid_until=everything.paid_until,
        lessons_left=everything.lessons_left,
        next_charge=next((draft for _moment, _account, draft in ahead if draft.amount > 0), None),
        own=own,
    )


def affordable_lessons(price: int, lessons_count: int, balance: int, *, step: int) -> int:
    """How many lessons, from the first of a bundle, the balance pays for, whatever the timetable (rule AT-03).

    Minor units; 0 without money, and 0 where lessons are free and the question has no answer.
    """
    whole = rounded_part(price, 1, 1, step=step)
    if whole <= 0 or balance <= 0:
        return 0
    bundles, rest = divmod(balance, whole)
    sums = (rounded_part(price, place, lessons_count, step=step) for place in range(1, lessons_count + 1))
    return bundles * lessons_count + sum(each <= rest for each in sums)


def lessons_to_come(facts: StudentFacts, until: date, last_on: date, still_open: frozenset[int]) -> list[int]:
    """The lessons to come, in order, that the student has to pay for somehow."""
    now = known(facts, until)
    return [
        lesson.id
        for lesson in now.lessons
        if (until < lesson.on <= last_on or lesson.id in still_open)
        and fate_of(now, lesson) is Fate.HELD
        and is_paid_for(now, lesson)
        and suspended_since(now, lesson.on, lesson.group_id) is None
    ]


def as_attended(facts: StudentFacts, until: date, coming: set[int]) -> StudentFacts:
    """The same facts as if these lessons took place and were attended, and no other after `until` did."""
    marks = [mark for mark in facts.attendances if mark.lesson_id not in coming]
    return replace(
        facts,
        lessons=tuple(_seen(lesson, until, coming) for lesson in facts.lessons),
        attendances=(*marks, *(AttendanceFact(lesson_id=lesson_id, present=True) for lesson_id in sorted(coming))),
        payments=tuple(each for each in facts.payments if each.on <= until),
    )


def _seen(lesson: LessonFact, until: date, coming: set[int]) -> LessonFact:
    if lesson.id in coming:
        return replace(lesson, status=LessonStatus.CONDUCTED)
    if lesson.on > until and lesson.status is LessonStatus.CONDUCTED:
        return replace(lesson, status=LessonStatus.PLANNED)
    return lesson


def _paid_in(facts: StudentFacts, account: int, until: date) -> int:
    return sum(each.amount for each in facts.payments if each.subscription_id == account and each.on <= until)


def _of_account(account: int, paying: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """What only this account pays for; who pays beside it is not asked."""
    return {lesson_id: {account} for lesson_id, accounts in paying.items() if account in accounts}


def _covered(
    lessons: Sequence[LessonFact],
    ahead: Sequence[tuple[tuple[Any, ...], int, ChargeDraft]],
    held: Mapping[int, int],
    paying: Mapping[int, set[int]],
) -> Reached:
    """Up to the first lesson after whose charges, and all before it, an account that pays for it is negative."""
    last, count, place, accounts = None, 0, 0, Counter(held)
    for lesson in lessons:
        if lesson.id not in paying:
            continue
        while place < len(ahead) and ahead[place][0] <= lesson.moment:
            _moment, account, draft = ahead[place]
            accounts[account] -= draft.amount
            place += 1
        if any(accounts[account] < 0 for account in paying[lesson.id]):
            break
        last, count = lesson.on, count + 1
    return Reached(last, count)

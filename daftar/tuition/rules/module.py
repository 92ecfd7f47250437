"""`module`: the price of every n lessons of the group's own count, on the first of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from daftar.tuition.rules.facts import NO_END
from daftar.tuition.rules.known import Fate, fate_of
from daftar.tuition.rules.period import Bill, bill, runs
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from daftar.tuition.rules.charging import Case, ChargeDraft
    from daftar.tuition.rules.facts import LessonFact
    from daftar.tuition.rules.period import Run

_DAY = timedelta(days=1)
_LEAVING = frozenset({Fate.DROPPED, Fate.CANCELLED})


def charges(case: Case) -> Iterator[ChargeDraft]:
    """One charge per module that is not over at the start; within one for the lessons left, dated the start (9.19).

    Without a group there is no count, and nothing is charged.
    """
    if case.subscription.group_id is None:
        return
    modules = _modules(case)
    for run in runs(case):
        for number, lessons in enumerate(modules, start=1):
            due = _bill_of(case, run, number, lessons)
            if due.parts and run.charged_from <= due.due_on <= case.known.until and run.reaches(due.due_on):
                yield from bill(case, run, due)


def _modules(case: Case) -> list[list[LessonFact]]:
    """All lessons of the group since its start by their actual day, in modules; the last may be unfinished."""
    group = case.known.groups[case.subscription.group_id or 0]
    lessons = [
        lesson
        for lesson in case.known.lessons
        if lesson.group_id == group.id and lesson.on >= group.starts_on and fate_of(case.known, lesson) not in _LEAVING
    ]
    size = case.subscription.module_lessons or 1
    return [lessons[first : first + size] for first in range(0, len(lessons), size)]


def _bill_of(case: Case, run: Run, number: int, lessons: list[LessonFact]) -> Bill:
    """An unfinished list counts as whole unless an end is known; what it does not have yet can be lost too."""
    size = case.subscription.module_lessons or 1
    paid = [lesson for lesson in lessons if run.starts_on <= lesson.on < run.end.on and lesson.on != run.trial_on]
    unlisted = size - len(lessons) if run.end.on == NO_END else 0
    lost_on = _lost_on(case, run, lessons[-1].on) if unlisted else None
    due_on = max(lessons[0].on, run.starts_on)
    why = (line("module", number=number, lessons=size, dates=[lesson.on.isoformat() for lesson in paid]),)
    return Bill(
        due_on.isoformat(), due_on, paid, len(paid) + unlisted, size, why, is_month=False,
        lost=(lost_on,) * unlisted if lost_on else (),
    )  # fmt: skip


def _lost_on(case: Case, run: Run, listed_to: date) -> date | None:
    """The day from which lessons after the list are not served: leaving, or a pause that outlasts the list (9.22)."""
    if run.left_on != NO_END:
        return run.left_on - _DAY
    pauses = case.known.facts.suspensions
    lasting = (each.starts_on for each in pauses if each.outlasts(listed_to, case.subscription.group_id))
    return min(lasting, default=None)

"""`module`: the price of every n lessons of the group's own count, on the first of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from daftar.tuition.rules.facts import NO_END
from daftar.tuition.rules.known import Fate, fate_of
from daftar.tuition.rules.period import Bill, Charge, Earlier, bill, is_kept, left_since, not_paid_before, runs
from daftar.tuition.rules.why import line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from daftar.tuition.rules.charging import Case, ChargeDraft
    from daftar.tuition.rules.facts import LessonFact
    from daftar.tuition.rules.period import Run

_LEAVING = frozenset({Fate.DROPPED, Fate.CANCELLED})
_UNLISTED = NO_END - timedelta(days=1)
"""When lessons are that no list has yet: later than any."""


class _Module(NamedTuple):
    """One of the group's modules, and what earlier runs were charged for it."""

    number: int
    lessons: list[LessonFact]
    earlier: tuple[Earlier, ...]


def charges(case: Case) -> Iterator[ChargeDraft]:
    """One charge per module that is not over at the start; within one for the lessons left, dated the start (9.19).

    Without a group there is no count, and nothing is charged.
    """
    if case.subscription.group_id is None:
        return
    found = runs(case)
    for number, lessons in enumerate(_modules(case), start=1):
        earlier: list[Earlier] = []
        for run in found:
            due = _bill_of(case, run, _Module(number, lessons, tuple(earlier)))
            if due.parts and run.charged_from <= due.due_on <= case.known.until and run.reaches(due.due_on):
                yield from bill(case, run, due)
                earlier.append(Earlier(due.key, due.due_on, run, due.paid.__contains__))


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


def _bill_of(case: Case, run: Run, module: _Module) -> Bill:
    """An unfinished list counts as whole unless an end is known; what it does not have yet can be lost too."""
    size, lessons = case.subscription.module_lessons or 1, module.lessons
    due_on = max(lessons[0].on, run.starts_on)
    paid, before = not_paid_before(case, run, module.earlier, [each for each in lessons if _is_paid(run, each)])
    is_open = run.end.on == NO_END and not any(is_kept(case, run, each, _UNLISTED) for each in module.earlier)
    unlisted = size - len(lessons) if is_open else 0
    lost_on = _lost_on(case, run, Charge(due_on.isoformat(), due_on), lessons[-1].on) if unlisted else None
    dates = [lesson.on.isoformat() for lesson in paid]
    return Bill(
        due_on.isoformat(), due_on, paid, len(paid) + unlisted, size,
        (*before, line("module", number=module.number, lessons=size, dates=dates)), is_month=False,
        lost=(lost_on,) * unlisted if lost_on else (),
    )  # fmt: skip


def _is_paid(run: Run, lesson: LessonFact) -> bool:
    return run.starts_on <= lesson.on < run.end.on and lesson.on != run.trial_on


def _lost_on(case: Case, run: Run, charge: Charge, listed_to: date) -> date | None:
    """The day from which lessons after the list are not served: leaving, or a pause that outlasts the list (9.22)."""
    left = left_since(case, charge, _UNLISTED, (run, *run.later))
    if left is not None:
        return left
    pauses = case.known.facts.suspensions
    lasting = (each.starts_on for each in pauses if each.outlasts(listed_to, case.subscription.group_id))
    return min(lasting, default=None)

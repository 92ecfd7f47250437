"""What the centre to measure is made of: plain values, the same for the same day and size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from daftar.courses.rules import EVEN, ODD, PlanKind
from daftar.lib.period import add_months

MONTH_PRICE, LESSON_PRICE, LESSONS_A_MONTH = 60_000_000, 5_000_000, 12
LONG_MONTHS, CLASS_MONTHS, AHEAD_MONTHS = 24, 7, 3
LONG_SIZE, CLASS_SIZE, USUAL_SIZE = 12, 20, 12
MOST_SPECIAL, STUDENTS_A_SPECIAL = 20, 100
# The last lessons of the classes of twenty nobody has marked yet: the bench saves them.
OPEN_LESSONS = 6


@dataclass(frozen=True)
class GroupPlan:
    """A group: "long" ones have two years behind them, "class" ones twenty students charged lesson by lesson."""

    number: int
    kind: str
    plan: PlanKind
    size: int
    starts_on: date
    weekdays: tuple[int, ...]


def lessons_between(weekdays: tuple[int, ...], first: date, until: date) -> int:
    """How many days of the pattern lie from `first` to the day before `until`."""
    return sum((first + timedelta(days=day)).isoweekday() in weekdays for day in range((until - first).days))


def groups_for(students: int, attendance: int, today: date) -> list[GroupPlan]:
    """Groups for so many students whose lessons up to yesterday make about so many rows of attendance."""
    special = max(1, min(MOST_SPECIAL, students // STUDENTS_A_SPECIAL))
    found: list[GroupPlan] = []
    for _ in range(special):
        _add(found, "long", LONG_SIZE, add_months(_first(today), -LONG_MONTHS))
        _add(found, "class", CLASS_SIZE, add_months(_first(today), -CLASS_MONTHS))
    done = sum(group.size * lessons_between(group.weekdays, group.starts_on, today) for group in found)
    left = students - sum(group.size for group in found)
    wanted = max(0, attendance - done) / max(1, left)
    months = next(count for count in range(240) if _lessons(count + 1, today) > wanted)
    fewer, more = _lessons(months, today), _lessons(months + 1, today)
    share = (wanted - fewer) / (more - fewer)
    debt = 0.0
    while left > 0:
        debt += share
        longer = debt >= 1
        debt -= longer
        size = min(USUAL_SIZE, left)
        _add(found, "usual", size, add_months(_first(today), -(months + longer)))
        left -= size
    return found


def _first(today: date) -> date:
    return today.replace(day=1)


def _lessons(months: int, today: date) -> float:
    first = add_months(_first(today), -months)
    return (lessons_between(ODD, first, today) + lessons_between(EVEN, first, today)) / 2


def _add(found: list[GroupPlan], kind: str, size: int, starts_on: date) -> None:
    number = len(found) + 1
    lesson_by_lesson = kind == "class" or (number % 10 == 0)
    plan = PlanKind.PER_LESSON if lesson_by_lesson else PlanKind.CALENDAR_MONTH
    found.append(GroupPlan(number, kind, plan, size, starts_on, EVEN if number % 2 else ODD))

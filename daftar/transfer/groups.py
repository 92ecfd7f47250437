"""What becomes of the groups that a file names: how it is suggested, kept and read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import time
from typing import TYPE_CHECKING, Any

from daftar.courses.rules import PlanKind
from daftar.transfer.rules import GroupFate, group_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from daftar.courses.models import Course, Group
    from daftar.transfer.rules import Named

LONGEST_COURSE = 120


@dataclass(frozen=True, kw_only=True)
class GroupChoice:
    """A group of the file: `group_id` is the one here it is, `is_left_out` that nobody joins it, else it is made.

    One that is made has a course: `course_id`, or a new one of `course_name` charged by `plan`. `price` in minor units
    is the group's own; `weekdays` and `starts_time` may be empty. `rows` say how many name it.
    """

    name: str
    rows: int
    group_id: int | None = None
    is_left_out: bool = False
    course_id: int | None = None
    course_name: str = ""
    plan: str = PlanKind.PER_LESSON.value
    price: int | None = None
    weekdays: tuple[int, ...] = ()
    starts_time: time | None = None
    # Whether `group_id` was made by this import.
    was_made: bool = False

    @property
    def key(self) -> str:
        return group_key(self.name)

    @property
    def is_made(self) -> bool:
        return self.group_id is None and not self.is_left_out

    def as_json(self) -> dict[str, Any]:
        """Plain values for a column of the table."""
        at = self.starts_time
        return asdict(self) | {"weekdays": list(self.weekdays), "starts_time": at.isoformat("minutes") if at else None}


def from_json(rows: Sequence[Mapping[str, Any]]) -> list[GroupChoice]:
    """The choices as they were kept."""
    return [
        GroupChoice(**{**row, "weekdays": tuple(row["weekdays"]), "starts_time": _time(row["starts_time"])})
        for row in rows
    ]


def suggested(named: Sequence[Named], groups: Sequence[Group], courses: Sequence[Course]) -> list[GroupChoice]:
    """For each group of the file the one here with its name, else a new one with the course and schedule it tells."""
    here = {group_key(group.name): group.pk for group in groups}
    known = {group_key(course.name): course for course in courses}
    found = []
    for each in named:
        name = " · ".join(part for part in (each.subject, each.level) if part)[:LONGEST_COURSE] or each.name
        course = known.get(group_key(name))
        has_schedule = bool(each.weekdays and each.starts_time)
        found.append(
            GroupChoice(
                name=each.name, rows=each.rows, group_id=here.get(group_key(each.name)),
                course_id=course.pk if course else None, course_name=name,
                plan=PlanKind.CALENDAR_MONTH.value if each.month_price else PlanKind.PER_LESSON.value,
                price=each.month_price.amount if each.month_price else None,
                weekdays=each.weekdays if has_schedule else (), starts_time=each.starts_time if has_schedule else None,
            )
        )  # fmt: skip
    return found


def fates(choices: Sequence[GroupChoice], ends: Mapping[int, date], opens_on: date) -> dict[str, GroupFate]:
    """What becomes of each group by its key; `ends` has the end of every group that is here."""
    found = {}
    for choice in choices:
        if choice.is_left_out:
            found[choice.key] = GroupFate.LEFT_OUT
        elif choice.group_id is None:
            found[choice.key] = GroupFate.NEW
        else:
            is_over = choice.group_id not in ends or opens_on >= ends[choice.group_id]
            found[choice.key] = GroupFate.OVER if is_over else GroupFate.HERE
    return found


def _time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None

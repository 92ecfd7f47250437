"""What is wrong with a timetable, and when something is free: rules over plain facts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping


WEEK_DAYS = 7


class ClashKind(StrEnum):
    """What two lessons, or a lesson and its place, do not agree on."""

    ROOM = "room"
    TEACHER = "teacher"
    STUDENT = "student"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    CAPACITY = "capacity"


@dataclass(frozen=True)
class Slot:
    """A lesson that takes place as far as clashes are concerned; `places`: the fewest of group and room, None: any.

    Times are instants or local times, as long as all are the same; the end is exclusive. `students` are those who are
    in the group on that day. `is_closed` and `is_off`: it lies outside the opening hours, or on a day off.
    """

    id: int
    starts_at: datetime
    ends_at: datetime
    room_id: int | None = None
    teacher_id: int | None = None
    students: frozenset[int] = frozenset()
    places: int | None = None
    is_closed: bool = False
    is_off: bool = False


@dataclass(frozen=True)
class Clash:
    """One disagreement; `other`: the lesson it is with, `count`: how many students, or how many too many."""

    kind: ClashKind
    other: Slot | None = None
    count: int = 0


def clashes(slots: Collection[Slot]) -> dict[int, list[Clash]]:
    """By lesson what clashes with it, in the order of the kinds; lessons without any are left out.

    Each pair of lessons that lie over each other is looked at once; both are told.
    """
    found: dict[int, list[Clash]] = defaultdict(list)
    for one, other in _overlapping(slots):
        for here, there in ((one, other), (other, one)):
            found[here.id] += _between(here, there)
    for slot in slots:
        found[slot.id] += _alone(slot)
    order = list(ClashKind)
    return {pk: sorted(each, key=lambda clash: order.index(clash.kind)) for pk, each in found.items() if each}


def _overlapping(slots: Collection[Slot]) -> Iterator[tuple[Slot, Slot]]:
    open_: list[Slot] = []
    for slot in sorted(slots, key=lambda each: (each.starts_at, each.id)):
        open_ = [each for each in open_ if each.ends_at > slot.starts_at]
        for each in open_:
            yield each, slot
        open_.append(slot)


def _between(here: Slot, there: Slot) -> Iterator[Clash]:
    if here.room_id is not None and here.room_id == there.room_id:
        yield Clash(ClashKind.ROOM, there)
    if here.teacher_id is not None and here.teacher_id == there.teacher_id:
        yield Clash(ClashKind.TEACHER, there)
    if both := len(here.students & there.students):
        yield Clash(ClashKind.STUDENT, there, both)


def _alone(slot: Slot) -> Iterator[Clash]:
    if slot.is_closed:
        yield Clash(ClashKind.CLOSED)
    if slot.is_off:
        yield Clash(ClashKind.HOLIDAY)
    if slot.places is not None and len(slot.students) > slot.places:
        yield Clash(ClashKind.CAPACITY, count=len(slot.students) - slot.places)


@dataclass(frozen=True)
class Busy:
    """When something is taken: from an instant to, not including, another."""

    starts_at: datetime
    ends_at: datetime


def is_free(taken: Iterable[Busy], starts_at: datetime, ends_at: datetime) -> bool:
    """Whether nothing lies over this time; touching ends do not."""
    return all(each.ends_at <= starts_at or each.starts_at >= ends_at for each in taken)


def gaps(taken: Iterable[Busy], opens_at: datetime, closes_at: datetime, length: timedelta) -> list[Busy]:
    """The stretches of the day in which at least `length` is free, in order."""
    found, at = [], opens_at
    for each in sorted(taken, key=lambda busy: busy.starts_at):
        if each.starts_at - at >= length:
            found.append(Busy(at, min(each.starts_at, closes_at)))
        at = max(at, each.ends_at)
    if closes_at - at >= length:
        found.append(Busy(at, closes_at))
    return [each for each in found if each.ends_at - each.starts_at >= length]


def nearest(
    times: Iterable[datetime], wanted: datetime, *, most: int, accepts: Callable[[datetime], bool]
) -> list[datetime]:
    """The first `most` of the times that are accepted: the same hour within a week first, then near days and hours."""

    def distance(at: datetime) -> tuple[bool, int, timedelta, datetime]:
        days, hour = abs((at.date() - wanted.date()).days), abs(_of_day(at) - _of_day(wanted))
        return bool(hour) or days >= WEEK_DAYS, days, hour, at

    found: list[datetime] = []
    for at in sorted(times, key=distance):
        if len(found) == most:
            break
        if accepts(at):
            found.append(at)
    return found


def _of_day(at: datetime) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)


def side_by_side(blocks: Mapping[Hashable, tuple[int, int]]) -> tuple[dict[Hashable, int], int]:
    """In which column each block of a lane stands so that none covers another, and how many columns there are.

    Blocks are given by their first and last-but-one step of the day; each takes the leftmost free column.
    """
    placed: dict[Hashable, int] = {}
    free_from: list[int] = []
    for key, (starts, ends) in sorted(blocks.items(), key=lambda item: item[1]):
        column = next((place for place, until in enumerate(free_from) if until <= starts), len(free_from))
        if column == len(free_from):
            free_from.append(ends)
        free_from[column] = ends
        placed[key] = column
    return placed, max(len(free_from), 1)

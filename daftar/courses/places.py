"""Whether a room or a teacher is taken, where a branch wants nobody to be in two lessons at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Lesson
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, verb
from daftar.orgs.models import Branch
from daftar.orgs.queries import today_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import time


class RoomTaken(Refusal):
    constraints: ClassVar[tuple[str, ...]] = ("lesson_room_free",)
    field = "room_id"
    text = _("The room is taken at this time.")


class RoomTakenBy(RoomTaken):
    constraints: ClassVar[tuple[str, ...]] = ()
    text = _("%(room)s is taken by %(group)s on %(on)s till %(until)s.")


class TeacherTaken(Refusal):
    constraints: ClassVar[tuple[str, ...]] = ("lesson_teacher_free",)
    field = "teacher_id"
    text = _("The teacher has another lesson at this time.")


class TeacherTakenBy(TeacherTaken):
    constraints: ClassVar[tuple[str, ...]] = ()
    text = _("%(teacher)s teaches %(group)s on %(on)s till %(until)s.")


class LessonRules(TypedDict, total=False):
    """What else a branch says of its lessons; see the columns of the same names."""

    blocks_capacity: bool
    correction_days: int | None
    marks_begin: str
    unmarked_become: str
    nudge_hour: int | None
    nudge_site: str


class HoursIncomplete(Refusal):
    field = "closes_at"
    text = _("Write both hours, the first before the last, or neither.")


@verb("courses.edit")
def change_hours(
    by: Actor, *, branch_id: int, opens_at: time | None, closes_at: time | None, blocks_rooms: bool,
    blocks_teachers: bool, **rules: Unpack[LessonRules],
) -> Branch:  # fmt: skip
    """Sets a branch's opening hours, and whether a room or a teacher may be in two lessons at once.

    `rules` that are not given stay as they are. Once refused, every lesson ahead holds its room and teacher but those
    that clash already: they stay marked.
    """
    branch: Branch = Branch.objects.visible_to(by).select_for_update(no_key=True).one(pk=branch_id)
    if (opens_at is None) != (closes_at is None) or (opens_at and closes_at and opens_at >= closes_at):
        raise HoursIncomplete
    for what, blocks, blocked in (
        ("room", blocks_rooms, branch.blocks_rooms), ("teacher", blocks_teachers, branch.blocks_teachers)
    ):  # fmt: skip
        if blocks != blocked:
            _hold(by, branch, what, holds=blocks)
    change(
        by, branch, opens_at=opens_at, closes_at=closes_at, blocks_rooms=blocks_rooms, blocks_teachers=blocks_teachers,
        **rules,
    )  # fmt: skip
    return branch


def _hold(by: Actor, branch: Branch, what: str, *, holds: bool) -> None:
    ahead = Lesson.objects.visible_to(by).filter(branch=branch, held_on__gte=today_in(by, branch))
    if holds:
        at_once = Lesson.unguarded.filter(
            org_id=by.org_id, ends_at__gt=OuterRef("starts_at"), starts_at__lt=OuterRef("ends_at"),
            **{what: OuterRef(what)},
        ).exclude(pk=OuterRef("pk"))  # fmt: skip
        ahead = ahead.filter(~Exists(at_once.exclude(status=LessonStatus.CANCELLED)))
    ahead.update(**{f"holds_{what}": holds})


def check_free(by: Actor, rows: Sequence[Lesson], values: Sequence[Mapping[str, Any]]) -> None:
    """Refuses when a lesson, with these values instead of its own, lies over another that holds its room or teacher.

    The database refuses it too (`lesson_room_free`); asked before, it can be said who is there.
    """
    wanted = [_Wanted(row, each) for row, each in zip(rows, values, strict=True)]
    wanted = [each for each in wanted if each.row.holds_room or each.row.holds_teacher]
    if not wanted:
        return
    everywhere = replace(by.trusted(), branch_ids=None)
    taken = Lesson.objects.visible_to(everywhere).exclude(status=LessonStatus.CANCELLED).filter(
        Q(holds_room=True, room__in={each.room_id for each in wanted if each.room_id})
        | Q(holds_teacher=True, teacher__in={each.teacher_id for each in wanted if each.teacher_id}),
        ends_at__gt=min(each.starts_at for each in wanted), starts_at__lt=max(each.ends_at for each in wanted),
    ).exclude(pk__in=[row.pk for row in rows if row.pk])  # fmt: skip
    for there in taken.select_related("group", "student", "course", "room", "teacher").order_by("starts_at"):
        for here in wanted:
            here.check(there)


class _Wanted:
    """A lesson as it is to be."""

    def __init__(self, row: Lesson, values: Mapping[str, Any]) -> None:
        self.row = row
        for name in ("room_id", "teacher_id", "starts_at", "ends_at"):
            setattr(self, name, values.get(name, getattr(row, name)))

    room_id: int | None
    teacher_id: int | None
    starts_at: Any
    ends_at: Any

    def check(self, there: Lesson) -> None:
        if there.ends_at <= self.starts_at or there.starts_at >= self.ends_at:
            return
        told = {"group": there.name, "on": there.held_on, "until": _until(there)}
        if self.room_id and self.row.holds_room and there.holds_room and there.room_id == self.room_id:
            raise RoomTakenBy(room=str(there.room), **told)
        if self.teacher_id and self.row.holds_teacher and there.holds_teacher and there.teacher_id == self.teacher_id:
            raise TeacherTakenBy(teacher=str(there.teacher), **told)


def _until(lesson: Lesson) -> str:
    minutes = lesson.starts_time.hour * 60 + lesson.starts_time.minute + lesson.minutes
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"

"""What a lesson clashes with, as the timetable and the pages that plan or move a lesson say it: an icon and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from daftar.courses.clashes import ClashKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daftar.courses.clashes import Clash
    from daftar.courses.models import Lesson

ICONS = {
    ClashKind.ROOM: "door", ClashKind.TEACHER: "user", ClashKind.STUDENT: "users", ClashKind.CLOSED: "clock",
    ClashKind.HOLIDAY: "calendar-off", ClashKind.CAPACITY: "alert-triangle",
}  # fmt: skip


def clash_shown(clash: Clash, lesson: Lesson, names: Mapping[int, str]) -> dict[str, str]:
    """The icon and the words of a clash of this lesson; one with a lesson that has no name here does not name it."""
    return {"icon": ICONS[clash.kind], "text": _text(clash, lesson, names)}


def _text(clash: Clash, lesson: Lesson, names: Mapping[int, str]) -> str:
    if clash.kind is ClashKind.CLOSED:
        return _("outside the opening hours")
    if clash.kind is ClashKind.HOLIDAY:
        return _("day off")
    if clash.kind is ClashKind.CAPACITY:
        text = ngettext("%(num)s student too many", "%(num)s students too many", clash.count)
        return text % {"num": clash.count}
    other = names.get(clash.other.id, "") if clash.other else ""
    return _named(clash, lesson, other) if other else _nameless(clash, lesson)


def _named(clash: Clash, lesson: Lesson, other: str) -> str:
    if clash.kind is ClashKind.ROOM:
        return _("%(room)s is taken by %(group)s") % {"room": lesson.room, "group": other}
    if clash.kind is ClashKind.TEACHER:
        return _("%(teacher)s also teaches %(group)s") % {"teacher": lesson.teacher, "group": other}
    text = ngettext("%(num)s student is also in %(group)s", "%(num)s students are also in %(group)s", clash.count)
    return text % {"num": clash.count, "group": other}


def _nameless(clash: Clash, lesson: Lesson) -> str:
    if clash.kind is ClashKind.ROOM:
        return _("%(room)s is taken") % {"room": lesson.room}
    if clash.kind is ClashKind.TEACHER:
        return _("%(teacher)s has another lesson") % {"teacher": lesson.teacher}
    text = ngettext("%(num)s student has another lesson", "%(num)s students have another lesson", clash.count)
    return text % {"num": clash.count}

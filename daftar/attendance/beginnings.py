"""How whoever is not marked yet stands on the page of a lesson: as its group says, else as its branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.courses.models import Group
from daftar.orgs.access import Actor, change, question, verb
from daftar.orgs.models import MarksBegin

if TYPE_CHECKING:
    from daftar.courses.models import Lesson


@question("attendance.mark")
def marks_begin(by: Actor, lesson: Lesson) -> MarksBegin:  # noqa: ARG001 - every question takes its actor
    """How the marks of a lesson begin; it needs its group and branch loaded."""
    own = lesson.group.marks_begin if lesson.group else ""
    return MarksBegin(own or lesson.branch.marks_begin)


@verb("courses.edit")
def set_how_marks_begin(by: Actor, *, group_id: int, marks_begin: str) -> Group:
    """Says how the marks of a group's lessons begin, or (empty) that they begin as in its branch."""
    group: Group = Group.objects.visible_to(by).select_for_update(no_key=True).one(pk=group_id)
    change(by, group, marks_begin=MarksBegin(marks_begin).value if marks_begin else "")
    return group

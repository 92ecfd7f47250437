"""Results of tests that are no exams of a group: verbs on them, and what may be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from daftar.attendance.exams import ScaleIsArchived
from daftar.attendance.models import Scale, TestResult
from daftar.courses.models import Enrolment, Group
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, add, change, question, verb
from daftar.orgs.models import Member
from daftar.orgs.queries import today_in
from daftar.people.models import Student

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal


class TestThere(Refusal):
    constraints = ("test_once",)
    field = "name"
    text = _("The student has a result of this test on this day already.")


class TestWithoutName(Refusal):
    constraints = ("test_has_name",)
    field = "name"
    text = _("Write what the test is called.")


class TestAhead(Refusal):
    field = "taken_on"
    text = _("A result is entered from the day of the test on.")


class TestOfNoGroup(Refusal):
    field = "group_id"
    text = _("Choose one of your groups that the student is or was in.")


class ScoreOutside(Refusal):
    field = "score"
    text = _("The score is not one of this scale.")


class TestIsDeleted(Refusal):
    text = _("This result is deleted. Bring it back first.")


@dataclass(frozen=True)
class Taken:
    """A test as it is entered. With a group the subject is that of its course, if that has one."""

    name: str
    taken_on: date
    scale_id: int
    score: Decimal
    group_id: int | None = None
    subject: str = ""
    teacher_id: int | None = None
    comment: str = ""


@verb("attendance.edit_exams")
def add_test_result(by: Actor, *, student_id: int, test: Taken) -> TestResult:
    """What a student scored; of a group the student is or was in, or of none for those who see all students."""
    student, groups = may_take(by, student_id)
    values = _checked(by, student, groups, test)
    return add(by, TestResult, student=student, member_id=by.member_id, **values)


@verb("attendance.edit_exams")
def edit_test_result(by: Actor, *, test_id: int, test: Taken) -> TestResult:
    """Changes a result; the history says what it was."""
    row = _locked(by, test_id)
    student, groups = may_take(by, row.student_id, kept=row.group)
    change(by, row, **_checked(by, student, groups, test, own_scale=row.scale_id))
    return row


@verb("attendance.edit_exams")
def delete_test_result(by: Actor, *, test_id: int) -> TestResult:
    """Takes a result out of all lists; it can be brought back."""
    row = _locked(by, test_id)
    change(by, row, removed_at=by.at)
    return row


@verb("attendance.edit_exams")
def restore_test_result(by: Actor, *, test_id: int) -> TestResult:
    """Brings a deleted result back."""
    row = _locked(by, test_id, is_deleted=True)
    change(by, row, removed_at=None)
    return row


def _checked(
    by: Actor, student: Student, groups: list[Group], test: Taken, *, own_scale: int | None = None
) -> dict[str, Any]:
    """What is kept of a test, checked where the tables cannot say no; `own_scale` stays one from the archive too."""
    if test.taken_on > today_in(by, student.branch):
        raise TestAhead
    # Whoever shapes the scale meanwhile waits, and is then told that it is used.
    scale: Scale = Scale.objects.visible_to(by).select_for_update(no_key=True).one(pk=test.scale_id)
    if scale.is_archived and scale.pk != own_scale:
        raise ScaleIsArchived
    if not scale.measure.has(test.score):
        raise ScoreOutside
    group = next((row for row in groups if row.pk == test.group_id), None)
    if group is None and (test.group_id is not None or not by.may("people.view")):
        raise TestOfNoGroup
    if test.teacher_id is not None:
        Member.objects.visible_to(by).one(pk=test.teacher_id)
    return {
        "name": test.name.strip(), "taken_on": test.taken_on, "scale_id": scale.pk, "score": test.score,
        "group_id": test.group_id, "subject": (group.course.subject if group else "") or test.subject.strip(),
        "teacher_id": test.teacher_id, "comment": test.comment.strip(),
    }  # fmt: skip


def _theirs(by: Actor) -> Any:
    """What one may change: results of the groups one sees, as with exams; of no group, who sees all students."""
    own = Q(group__in=Group.objects.visible_to(by))
    return TestResult.objects.visible_to(by).filter(own | Q(group=None) if by.may("people.view") else own)


def _locked(by: Actor, test_id: int, *, is_deleted: bool = False) -> TestResult:
    rows = _theirs(by).select_for_update(of=("self",), no_key=True).select_related("student")
    row: TestResult = rows.one(pk=test_id)
    if row.removed_at is not None and not is_deleted:
        raise TestIsDeleted
    return row


# --- what may be asked --------------------------------------------------------------------------------------------


@question("attendance.edit_exams")
def may_take(by: Actor, student_id: int, *, kept: Group | None = None) -> tuple[Student, list[Group]]:
    """A student with branch, and the groups that a test may be of (with course), the newest first.

    `kept`: the group that a result has already; it stays one, whatever became of the membership. For those who may not
    see all students it is a student who is or was in a group they teach; else NotFound.
    """
    student: Student = Student.objects.visible_to(by).select_related("branch").one(pk=student_id)
    been = Enrolment.objects.visible_to(by).filter(student=student).values("group_id")
    rows = Group.objects.visible_to(by).filter(pk__in=been).select_related("course")
    groups = list(rows.order_by("-starts_on", "-id"))
    if kept is not None and kept not in groups:
        groups.append(kept)
    if not groups and not by.may("people.view"):
        raise NotFound
    return student, groups


@question("attendance.edit_exams")
def learners_of(by: Actor, group_id: int) -> list[tuple[int, str]]:
    """Ids and names of all who are or were in a group, by name."""
    seen = Group.objects.visible_to(by).filter(pk=group_id)
    been = Enrolment.objects.visible_to(by).filter(group__in=seen).values("student_id")
    rows = Student.objects.visible_to(by).filter(pk__in=been).order_by("sort_key", "id")
    return list(rows.values_list("pk", "full_name"))


@question("attendance.edit_exams")
def get_test_result(by: Actor, test_id: int) -> TestResult:
    """The result with student, scale, group and teacher, deleted or not; NotFound when invisible."""
    row: TestResult = _theirs(by).select_related("student", "scale", "group", "teacher").one(pk=test_id)
    return row


@question("people.view")
def taken_by(by: Actor, student_id: int) -> list[Any]:
    """The results of a student with scale and group, the latest first, and `is_theirs`: whether they may change it."""
    rows = TestResult.objects.visible_to(by).filter(student_id=student_id, removed_at=None)
    shown = rows.annotate(is_theirs=Exists(_theirs(by).filter(pk=OuterRef("pk"))))
    return list(shown.select_related("scale", "group").order_by("-taken_on", "-id"))


@question("courses.view")
def taken_in(by: Actor, group_id: int) -> list[TestResult]:
    """The results that are of a group, with scale, student and teacher: the latest test first, by name within it."""
    seen = Group.objects.visible_to(by).filter(pk=group_id)
    rows = TestResult.objects.visible_to(by).filter(group__in=seen, removed_at=None)
    shown = rows.select_related("scale", "student", "teacher")
    return list(shown.order_by("-taken_on", "name", "student__sort_key", "id"))

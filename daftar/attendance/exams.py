"""Exams of a group: verbs on them and on their results, and what may be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Avg, Count, F, Q
from django.utils.translation import gettext_lazy as _

from daftar.attendance.models import Exam, ExamResult, Scale
from daftar.attendance.rules import Outcome
from daftar.attendance.scales import PassMarkOutside
from daftar.courses.models import Group, Topic
from daftar.courses.queries import members_on
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, note, question, verb
from daftar.orgs.queries import own_last_deed, today_in
from daftar.people.models import Student

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

LONGEST_COMMENT = 300


class ExamThere(Refusal):
    constraints = ("exam_once",)
    field = "name"
    text = _("The group has an exam of this name on this day already.")


class ExamWithoutName(Refusal):
    constraints = ("exam_has_name",)
    field = "name"
    text = _("Write what the exam is called.")


class ExamOutsideGroup(Refusal):
    field = "held_on"
    text = _("The group is taught from %(first)s to %(last)s.")


class ExamAhead(Refusal):
    text = _("This exam is on %(on)s. Results can be entered from that day on.")


class ExamIsDeleted(Refusal):
    text = _("This exam is deleted. Bring it back first.")


class ExamHasResults(Refusal):
    field = "scale_id"
    text = _("This exam has results: its scale stays as it is.")


class ResultsStay(Refusal):
    """Too late, somebody else's, or changed since."""

    text = _("This can no longer be undone: correct the results themselves.")


class ScaleIsArchived(Refusal):
    field = "scale_id"
    text = _("This scale is in the archive.")


class NotInExam(Refusal):
    text = _("The list of students has changed since this page was opened. Look at it again and save.")


class ScoreNotOfScale(Refusal):
    text = _("A score is not one of the scale of this exam.")


@dataclass(frozen=True)
class Entry:
    """What is entered for a student; `score` None: absent, or not known yet."""

    score: Decimal | None = None
    is_absent: bool = False
    comment: str = ""

    @property
    def says_something(self) -> bool:
        """Whether there is anything to keep."""
        return self.is_absent or self.score is not None or bool(self.comment)


# --- exams --------------------------------------------------------------------------------------------------------


@verb("attendance.edit_exams")
def add_exam(
    by: Actor, *, group_id: int, name: str, held_on: date, scale_id: int, pass_mark: Decimal | None = None,
    plan_topic_id: int | None = None,
) -> Exam:  # fmt: skip
    """An exam of a group on a day of its life; `pass_mark` None: that of the scale."""
    group: Group = Group.objects.visible_to(by).select_for_update(of=("self",), no_key=True).one(pk=group_id)
    scale: Scale = Scale.objects.visible_to(by).one(pk=scale_id)
    if scale.is_archived:
        raise ScaleIsArchived
    _check(by, group, None, (name, held_on), plan_topic_id)
    return add(
        by, Exam, group=group, name=name.strip(), held_on=held_on, scale=scale, pass_mark=_mark(scale, pass_mark),
        plan_topic_id=plan_topic_id, member_id=by.member_id,
    )  # fmt: skip


@verb("attendance.edit_exams")
def edit_exam(
    by: Actor, *, exam_id: int, name: str, held_on: date, scale_id: int, pass_mark: Decimal | None = None,
    plan_topic_id: int | None = None,
) -> Exam:  # fmt: skip
    """Changes an exam; its scale only while nobody has a result. Who passed follows the pass mark."""
    row = _locked(by, exam_id)
    scale: Scale = Scale.objects.visible_to(by).one(pk=scale_id)
    if scale_id != row.scale_id:
        if ExamResult.objects.visible_to(by).filter(exam=row).exists():
            raise ExamHasResults
        if scale.is_archived:
            raise ScaleIsArchived
    _check(by, row.group, row.pk, (name, held_on), plan_topic_id)
    change(
        by, row, name=name.strip(), held_on=held_on, scale_id=scale_id, pass_mark=_mark(scale, pass_mark),
        plan_topic_id=plan_topic_id,
    )  # fmt: skip
    return row


@verb("attendance.edit_exams")
def delete_exam(by: Actor, *, exam_id: int) -> Exam:
    """Takes an exam with its results out of all lists; it can be brought back."""
    row = _locked(by, exam_id)
    change(by, row, removed_at=by.at)
    return row


@verb("attendance.edit_exams")
def restore_exam(by: Actor, *, exam_id: int) -> Exam:
    """Brings a deleted exam back, with its results."""
    row = _locked(by, exam_id, is_deleted=True)
    same = Exam.objects.visible_to(by).filter(group_id=row.group_id, held_on=row.held_on, name=row.name)
    if same.filter(removed_at=None).exclude(pk=row.pk).exists():
        raise ExamThere
    change(by, row, removed_at=None)
    return row


@verb("attendance.edit_exams")
def enter_results(by: Actor, *, exam_id: int, entries: Mapping[int, Entry]) -> Exam:
    """Keeps what was entered for these students (student id -> entry), and takes back what says nothing any more.

    All or nothing; whoever is not named keeps what stands. The history says what each result was.
    """
    exam = _locked(by, exam_id)
    if exam.held_on > today_in(by, exam.group.branch):
        raise ExamAhead(on=exam.held_on)
    had = {row.student_id: row for row in ExamResult.objects.visible_to(by).filter(exam=exam)}
    if not entries.keys() <= had.keys() | _sitting(by, exam):
        raise NotInExam
    measure = exam.scale.measure
    if any(entry.score is not None and not measure.has(entry.score) for entry in entries.values()):
        raise ScoreNotOfScale
    said = {pk: entry for pk, entry in sorted(entries.items()) if entry != _entry(had.get(pk))}
    if said:
        _write(by, exam, said, had)
    return exam


@verb("attendance.edit_exams")
def undo_results(by: Actor, *, exam_id: int) -> Exam:
    """Takes back what one entered last in an exam, within ten minutes: every result is what it was before.

    ResultsStay when anybody did something to the exam since.
    """
    exam = _locked(by, exam_id)
    deed = own_last_deed(by.trusted(), exam, "attendance.enter_results")
    if deed is None:
        raise ResultsStay
    (told,) = deed.changes
    before = {int(pk): Entry() for pk in told["now"]["results"]}
    before |= {int(pk): _read(entry) for pk, entry in told["was"]["results"].items()}
    rows = ExamResult.objects.visible_to(by).filter(exam=exam, student_id__in=before)
    _write(by, exam, before, {row.student_id: row for row in rows})
    return exam


def _write(by: Actor, exam: Exam, said: Mapping[int, Entry], had: Mapping[int, ExamResult]) -> None:
    gone = [pk for pk, entry in said.items() if not entry.says_something]
    ExamResult.objects.visible_to(by).filter(exam=exam, student_id__in=gone).delete()
    ExamResult.objects.bulk_create(
        [
            ExamResult(
                org_id=by.org_id, exam=exam, student_id=pk, score=entry.score, is_absent=entry.is_absent,
                comment=entry.comment, entered_at=by.at,
            )
            for pk, entry in said.items()
            if entry.says_something
        ],
        update_conflicts=True, unique_fields=["org", "exam", "student"],
        update_fields=["score", "is_absent", "comment", "entered_at"],
    )  # fmt: skip
    was = {str(pk): _told(_entry(had[pk])) for pk in said if pk in had}
    note(by, exam, was={"results": was}, now={"results": {str(pk): _told(entry) for pk, entry in said.items()}})


def _entry(row: ExamResult | None) -> Entry:
    return Entry() if row is None else Entry(row.score, row.is_absent, row.comment)


def _read(told: Sequence[Any]) -> Entry:
    score, is_absent, comment = told
    return Entry(None if score is None else Decimal(score), is_absent, comment)


def _told(entry: Entry) -> list[Any]:
    return [None if entry.score is None else str(entry.score), entry.is_absent, entry.comment]


def _locked(by: Actor, exam_id: int, *, is_deleted: bool = False) -> Exam:
    rows = Exam.objects.visible_to(by).filter(group__in=Group.objects.visible_to(by))
    found = rows.select_for_update(of=("self",), no_key=True).select_related("group__branch", "scale")
    row: Exam = found.one(pk=exam_id)
    if row.removed_at is not None and not is_deleted:
        raise ExamIsDeleted
    return row


def _check(by: Actor, group: Group, own: int | None, said: tuple[str, date], plan_topic_id: int | None) -> None:
    name, held_on = said
    if not name.strip():
        raise ExamWithoutName
    if not group.starts_on <= held_on < group.ends_on:
        raise ExamOutsideGroup(first=group.starts_on, last=group.ends_on - timedelta(days=1))
    if plan_topic_id is not None:
        Topic.objects.visible_to(by).one(pk=plan_topic_id, course_id=group.course_id)
    same = Exam.objects.visible_to(by).filter(group=group, held_on=held_on, name=name.strip(), removed_at=None)
    if same.exclude(pk=own).exists():
        raise ExamThere


def _mark(scale: Scale, pass_mark: Decimal | None) -> Decimal:
    if pass_mark is None:
        return scale.pass_mark
    if not scale.measure.has(pass_mark):
        raise PassMarkOutside
    return pass_mark


def _sitting(by: Actor, exam: Exam) -> set[int]:
    """The members of the group on the day of the exam who do not pause."""
    here = members_on(by, exam.group_id, exam.held_on).filter(is_paused=False)
    return set(here.values_list("student_id", flat=True))


# --- what may be asked --------------------------------------------------------------------------------------------


@question("courses.view")
def get_exam(by: Actor, exam_id: int) -> Exam:
    """The exam with group, course, branch and scale; NotFound in a group the actor may not see."""
    rows = Exam.objects.visible_to(by).filter(group__in=Group.objects.visible_to(by))
    row: Exam = rows.select_related("group__course", "group__branch", "scale", "plan_topic").one(pk=exam_id)
    return row


@dataclass(frozen=True)
class ExamLine:
    """An exam in a list, with what its results come to."""

    exam: Exam
    outcome: Outcome


@question("courses.view")
def exams_of_group(by: Actor, group_id: int) -> list[ExamLine]:
    """The exams of a group, the latest first."""
    seen = Group.objects.visible_to(by).filter(pk=group_id)
    exams = list(
        Exam.objects.visible_to(by)
        .filter(group__in=seen, removed_at=None)
        .select_related("scale")
        .order_by("-held_on", "-id")
    )
    rows = ExamResult.objects.visible_to(by).filter(exam__in=exams).values("exam_id")
    figures = rows.annotate(
        scored=Count("score"), passed=Count("pk", filter=Q(score__gte=F("exam__pass_mark"))),
        away=Count("pk", filter=Q(is_absent=True)), mean=Avg("score"),
    )  # fmt: skip
    found = {row["exam_id"]: Outcome(row["scored"], row["passed"], row["away"], row["mean"]) for row in figures}
    return [ExamLine(row, found.get(row.pk, Outcome(0, 0, 0, None))) for row in exams]


@dataclass(frozen=True)
class ResultLine:
    """A student of an exam and what is known."""

    student_id: int
    name: str
    entry: Entry


@question("courses.view")
def results_of(by: Actor, exam: Exam) -> list[ResultLine]:
    """Everyone who sits an exam, and who has a result in it all the same, by name."""
    had = {row.student_id: row for row in ExamResult.objects.visible_to(by).filter(exam=exam)}
    rows = Student.objects.visible_to(by).filter(pk__in=had.keys() | _sitting(by, exam))
    names = rows.order_by("sort_key", "id").values_list("pk", "full_name")
    return [ResultLine(pk, name, _entry(had.get(pk))) for pk, name in names]


@question("people.view")
def exams_of_student(by: Actor, student_id: int) -> list[ExamResult]:
    """The results of a student with their exams, the latest first."""
    rows = ExamResult.objects.visible_to(by).filter(student_id=student_id, exam__removed_at=None)
    return list(rows.select_related("exam__scale", "exam__group").order_by("-exam__held_on", "-exam_id"))

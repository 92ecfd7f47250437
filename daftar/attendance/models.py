"""Tables of what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from daftar.attendance.rules import BEST_GRADE, LONGEST_WORD, MOST_LATE, Cell, Measure
from daftar.courses.models import Group, Lesson, Topic
from daftar.lib.tenancy import TenantManager, TenantQuerySet
from daftar.orgs.models import Branch, Member, TenantModel
from daftar.people.models import Student

if TYPE_CHECKING:
    from daftar.lib.tenancy import Asker


class AbsenceReason(TenantModel):
    """Why someone was absent, and what follows from it (decision D3)."""

    name = models.CharField(max_length=80)
    charges = models.BooleanField(default=True)
    pays_teacher = models.BooleanField(default=True)
    gives_credit = models.BooleanField(default=False)
    # Within how many days the lesson may be made up for; empty: whenever.
    credit_days = models.PositiveSmallIntegerField(null=True, blank=True, default=30)
    place = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "name"], name="reason_name_once")]

    def __str__(self) -> str:
        return self.name


class Attendance(TenantModel):
    """A participant's row in a lesson; an absence without a reason counts as unexcused."""

    branch_path = "lesson__branch_id"

    # Keys are found by the indexes below: one more each would be written with every mark and read by nobody.
    lesson = models.ForeignKey(Lesson, models.PROTECT, db_index=False, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, db_index=False, related_name="+")
    is_present = models.BooleanField()
    reason = models.ForeignKey(AbsenceReason, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    marked_at = models.DateTimeField()
    # Who set it last; empty: the program itself, or before this was noted.
    marked_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    # Empty: in time, or not noted.
    late_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    grade = models.PositiveSmallIntegerField(null=True, blank=True)
    homework_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    comment = models.CharField(max_length=300, blank=True, default="")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "lesson", "student"], name="attendance_once"),
            models.CheckConstraint(name="reason_of_absence", condition=Q(is_present=False) | Q(reason=None)),
            models.CheckConstraint(
                name="late_only_when_present",
                condition=Q(late_minutes=None) | Q(is_present=True, late_minutes__range=(1, MOST_LATE)),
            ),
            models.CheckConstraint(name="grade_up_to_100", condition=Q(grade=None) | Q(grade__lte=BEST_GRADE)),
            models.CheckConstraint(
                name="homework_grade_up_to_100", condition=Q(homework_grade=None) | Q(homework_grade__lte=BEST_GRADE)
            ),
        ]
        indexes = [models.Index(fields=["org", "student", "lesson"], name="attendance_of_student")]

    def __str__(self) -> str:
        return f"{self.student}"

    @property
    def cell(self) -> Cell:
        """The mark as a value."""
        return Cell._make(getattr(self, name) for name in Cell._fields)


class SentLesson(TenantModel):
    """The marks of a lesson that were made without a connection and have arrived: each key does its work once."""

    branch_path = "lesson__branch_id"

    key = models.UUIDField()
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="+")
    arrived_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "key"], name="sent_lesson_once")]

    def __str__(self) -> str:
        return f"{self.lesson} · {self.key}"


class AnnouncedAbsence(TenantModel):
    """Told before: a student does not come from a day to another, both inclusive."""

    branch_path = "student__branch_id"

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    starts_on = models.DateField()
    last_on = models.DateField()
    reason = models.ForeignKey(AbsenceReason, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=200, blank=True, default="")
    is_withdrawn = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="absence_ends_after_start", condition=Q(last_on__gte=models.F("starts_on")))
        ]
        indexes = [models.Index(fields=["org", "last_on"], condition=Q(is_withdrawn=False), name="absence_announced")]

    def __str__(self) -> str:
        return f"{self.student} · {self.starts_on}"


class Guest(TenantModel):
    """Someone who is to be in a lesson of a group that is not the student's."""

    branch_path = "lesson__branch_id"

    # A planned lesson that the schedule takes away takes its guests along; what they make up for is owed again.
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "lesson", "student"], name="guest_once")]

    def __str__(self) -> str:
        return f"{self.student} · {self.lesson}"


class MakeUp(TenantModel):
    """A missed lesson that may be made up for, until a day (inclusive; null: whenever), and where it is or was."""

    branch_path = "missed__branch_id"

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    missed = models.ForeignKey(Lesson, models.PROTECT, related_name="+")
    until = models.DateField(null=True, blank=True)
    # The lesson of another group in which it is made up for; it counts as soon as the student was there.
    made_in = models.ForeignKey(Lesson, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "student", "missed"], name="make_up_once"),
            # One lesson makes up for one.
            models.UniqueConstraint(fields=["org", "student", "made_in"], name="make_up_made_once"),
            models.CheckConstraint(name="make_up_elsewhere", condition=~Q(made_in=models.F("missed"))),
        ]
        indexes = [models.Index(fields=["org", "until"], condition=Q(made_in=None), name="make_up_owed")]

    def __str__(self) -> str:
        return f"{self.student} · {self.missed}"


class Scale(TenantModel):
    """What scores of an exam may be: numbers from `lowest` to `highest` by `step`, or words, the best first."""

    name = models.CharField(max_length=80)
    lowest = models.DecimalField(max_digits=8, decimal_places=2)
    highest = models.DecimalField(max_digits=8, decimal_places=2)
    step = models.DecimalField(max_digits=8, decimal_places=2, default=1)
    # Empty: numbers. A word counts as its place from the end: the last is 1.
    words = ArrayField(models.CharField(max_length=LONGEST_WORD), default=list, blank=True)
    pass_mark = models.DecimalField(max_digits=8, decimal_places=2)
    is_archived = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "name"], name="scale_name_once"),
            models.CheckConstraint(name="scale_goes_up", condition=Q(highest__gt=models.F("lowest"))),
            models.CheckConstraint(name="scale_step_positive", condition=Q(step__gt=0)),
            models.CheckConstraint(
                name="scale_can_be_passed",
                condition=Q(pass_mark__gte=models.F("lowest"), pass_mark__lte=models.F("highest")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def measure(self) -> Measure:
        """The scale as values."""
        return Measure(self.lowest, self.highest, self.step, tuple(self.words))


class Exam(TenantModel):
    """An exam of a group on a day, with a pass mark of its own."""

    branch_path = "group__branch_id"

    # Of a group that was never used and is taken away nothing stays.
    group = models.ForeignKey(Group, models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    held_on = models.DateField()
    scale = models.ForeignKey(Scale, models.PROTECT, related_name="+")
    pass_mark = models.DecimalField(max_digits=8, decimal_places=2)
    # What it is about; empty: nothing of the plan.
    plan_topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    # When it was deleted; its results stay, so that it can be brought back.
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["org", "group", "held_on", "name"], condition=Q(removed_at=None), name="exam_once"
            ),
            models.CheckConstraint(name="exam_has_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class ExamResult(TenantModel):
    """How a student did: a score, or absent, or only a comment so far."""

    branch_path = "exam__group__branch_id"

    exam = models.ForeignKey(Exam, models.CASCADE, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    score = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    is_absent = models.BooleanField(default=False)
    comment = models.CharField(max_length=300, blank=True, default="")
    entered_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "exam", "student"], name="result_once"),
            models.CheckConstraint(name="result_of_who_was_there", condition=Q(is_absent=False) | Q(score=None)),
            models.CheckConstraint(
                name="result_says_something", condition=Q(is_absent=True) | Q(score__isnull=False) | ~Q(comment="")
            ),
        ]
        indexes = [models.Index(fields=["org", "student"], name="result_of_student")]

    def __str__(self) -> str:
        return f"{self.student}"


class TestResult(TenantModel):
    """What a student scored in a test that is no exam of a group: before joining one, between two exams, elsewhere."""

    branch_path = "student__branch_id"

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    taken_on = models.DateField()
    scale = models.ForeignKey(Scale, models.PROTECT, related_name="+")
    score = models.DecimalField(max_digits=8, decimal_places=2)
    # On whose page it stands besides; empty: of no group, and then perhaps of a subject.
    group = models.ForeignKey(Group, models.SET_NULL, null=True, blank=True, related_name="+")
    subject = models.CharField(max_length=120, blank=True, default="")
    teacher = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    comment = models.CharField(max_length=300, blank=True, default="")
    # Who entered it, and when it was deleted.
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["org", "student", "taken_on", "name"], condition=Q(removed_at=None), name="test_once"
            ),
            models.CheckConstraint(name="test_has_name", condition=~Q(name="")),
        ]
        indexes = [
            models.Index(fields=["org", "group", "taken_on"], condition=Q(removed_at=None), name="test_of_group")
        ]

    def __str__(self) -> str:
        return f"{self.student} · {self.name}"


class MaterialManager(TenantManager):
    """Files of one's branches, and those of plans, which are of no branch."""

    def visible_to(self, by: Asker) -> TenantQuerySet[Any]:
        rows = self.queryset_class(self.model, using=self._db).filter(org_id=by.org_id)
        return rows if by.branch_ids is None else rows.filter(Q(branch=None) | Q(branch__in=by.branch_ids))


class Material(TenantModel):
    """A file for a lesson (its homework), for a group, or for a topic of a plan; the bytes are on the disk."""

    branch_path = "branch_id"

    # A planned lesson that the schedule takes away takes its files along, as a group that was never used does.
    lesson = models.ForeignKey(Lesson, models.CASCADE, null=True, blank=True, related_name="+")
    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="+")
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, related_name="+")
    # That of the group or the lesson; of a topic there is none.
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    # Names the bytes in the folder of the organization.
    sha256 = models.CharField(max_length=64)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    # When it was taken away; the bytes stay, so that Undo brings it back.
    removed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[TenantManager] = MaterialManager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                name="material_of_one",
                condition=Q(lesson__isnull=False, group=None, topic=None)
                | Q(lesson=None, group__isnull=False, topic=None)
                | Q(lesson=None, group=None, topic__isnull=False),
            ),
            models.CheckConstraint(name="material_in_branch", condition=Q(topic=None) ^ Q(branch=None)),
            models.CheckConstraint(name="material_not_empty", condition=Q(size__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class Nudge(TenantModel):
    """That a teacher is written to about the lessons of a day that nobody marked: one letter, whatever happens."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    on = models.DateField()
    made_at = models.DateTimeField()
    # When the letter left; empty: not yet, or there was nothing to tell any more.
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "member", "on"], name="nudged_once_a_day")]

    def __str__(self) -> str:
        return f"{self.member} {self.on:%Y-%m-%d}"

"""Tables of what happened."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from daftar.courses.models import Lesson
from daftar.orgs.models import Member, TenantModel
from daftar.people.models import Student

MOST_LATE, BEST_GRADE = 600, 100


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

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    is_present = models.BooleanField()
    reason = models.ForeignKey(AbsenceReason, models.PROTECT, null=True, blank=True, related_name="+")
    marked_at = models.DateTimeField()
    # Who set it last; empty: the program itself, or before this was noted.
    marked_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
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

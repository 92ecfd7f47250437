"""Tables of what is planned."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from daftar.courses.ending_models import Ended
from daftar.courses.kinds import Colour, LessonKind, LessonStatus
from daftar.courses.plans import PLAN_CHOICES
from daftar.courses.rules import PlanKind
from daftar.lib.tenancy import TenantManager, TenantQuerySet
from daftar.orgs.models import Branch, MarksBegin, Member, TenantModel
from daftar.people.models import Student

if TYPE_CHECKING:
    from datetime import date

    from daftar.orgs.access import Actor


class Room(TenantModel):
    """A room of a branch."""

    branch_path = "branch_id"

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    capacity = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "branch", "name"], name="room_name_once")]

    def __str__(self) -> str:
        return self.name


class LessonType(TenantModel):
    """What a lesson is for tuition: a centre's own name for a lesson of one of the three kinds."""

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=LessonKind.choices)
    # The name of one of the icons that are shipped (`catalogue.TYPE_ICONS`).
    icon = models.CharField(max_length=40, default="tag")
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.PURPLE)
    # How long its lessons are unless said otherwise; empty: as those of the course.
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    # No new lesson is of it; those there are keep it.
    is_archived = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "name"], name="lesson_type_name_once"),
            models.CheckConstraint(name="lesson_type_colour_known", condition=Q(colour__in=Colour.values)),
            models.CheckConstraint(name="lesson_type_minutes", condition=Q(minutes=None) | Q(minutes__range=(5, 720))),
        ]

    def __str__(self) -> str:
        return self.name


def type_code(type_id: int | None, kind: LessonKind = LessonKind.GROUP) -> str:
    """How prices name the type of a lesson: the centre's own by its id, a plain lesson by its kind."""
    return kind.value if type_id is None else str(type_id)


class Holiday(TenantModel):
    """A day off of a branch, or of all (null), on which lessons of the schedule are not held."""

    branch_path = "branch_id"

    branch = models.ForeignKey(Branch, models.PROTECT, null=True, blank=True, related_name="+")
    on = models.DateField()
    name = models.CharField(max_length=120)
    affects_payment = models.BooleanField()
    # Decision D9a; null: as the branch does. Credited: the lesson stays in the count and one share comes back.
    is_credited = models.BooleanField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "branch", "on"], nulls_distinct=False, name="holiday_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Course(TenantModel):
    """What a group studies, how it is charged and for how much."""

    name = models.CharField(max_length=120)
    subject = models.CharField(max_length=120, blank=True, default="")
    level = models.CharField(max_length=120, blank=True, default="")
    lesson_minutes = models.PositiveSmallIntegerField(default=90)
    plan = models.CharField(max_length=20, choices=PLAN_CHOICES)
    currency = models.CharField(max_length=3)
    # Minor units; empty where each student brings a price of their own.
    price = models.BigIntegerField(null=True, blank=True)
    # For how many lessons `price` is, when the course is charged per lesson.
    lessons_count = models.PositiveSmallIntegerField(default=1)
    # How many lessons a module has, and for how many months a whole course is paid (null: the price is the total).
    module_lessons = models.PositiveSmallIntegerField(null=True, blank=True)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    is_archived = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "name"], name="course_name_once"),
            models.CheckConstraint(name="course_plan_known", condition=Q(plan__in=[kind.value for kind in PlanKind])),
            models.CheckConstraint(name="course_price_not_negative", condition=Q(price=None) | Q(price__gte=0)),
            models.CheckConstraint(name="course_lessons_positive", condition=Q(lessons_count__gt=0)),
            models.CheckConstraint(name="course_minutes_positive", condition=Q(lesson_minutes__gt=0)),
            models.CheckConstraint(
                name="course_module_has_lessons", condition=~Q(plan=PlanKind.MODULE.value) | Q(module_lessons__gt=0)
            ),
            models.CheckConstraint(name="course_months_positive", condition=Q(months=None) | Q(months__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class Topic(TenantModel):
    """A row of the plan of a course: what one lesson is about, what is done in it, and what is given to do at home."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="+")
    # Where it stands in the plan, from 1 on; empty: in the archive.
    place = models.PositiveSmallIntegerField(null=True, blank=True)
    title = models.CharField(max_length=200)
    contents = models.CharField(max_length=2000, blank=True, default="")
    homework = models.CharField(max_length=500, blank=True, default="")

    class Meta(TenantModel.Meta):
        constraints = [
            # Checked after each statement: a row that moves makes room by moving others with it.
            models.UniqueConstraint(
                fields=["org", "course", "place"], name="topic_place_once", deferrable=models.Deferrable.IMMEDIATE
            ),
            models.CheckConstraint(name="topic_place_from_one", condition=Q(place=None) | Q(place__gt=0)),
            models.CheckConstraint(name="topic_has_title", condition=~Q(title="")),
        ]

    def __str__(self) -> str:
        return self.title


class GroupQuerySet(TenantQuerySet["Group"]):
    """Groups by state."""

    def running_on(self, on: date) -> Self:
        """Not over by that day."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=on))


class GroupManager(TenantManager):
    """A teacher sees the groups he or she teaches, unless permitted to see all."""

    def visible_to(self, by: Actor) -> GroupQuerySet:  # type: ignore[override] # needs to know the permissions
        rows = super().visible_to(by)
        return rows if by.may("courses.see_all") else rows.filter(teacher_id=by.member_id)  # type: ignore[return-value]


class Group(TenantModel):
    """Students taught together by a schedule, from `starts_on` to the day before `ends_on`."""

    branch_path = "branch_id"

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    course = models.ForeignKey(Course, models.PROTECT, related_name="+")
    teacher = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()
    capacity = models.PositiveSmallIntegerField(null=True, blank=True)
    # Instead of the course's price, in minor units.
    price = models.BigIntegerField(null=True, blank=True)
    # Instead of the course's way of charging; empty: as the course.
    plan = models.CharField(max_length=20, choices=PLAN_CHOICES, blank=True, default="")
    lessons_count = models.PositiveSmallIntegerField(null=True, blank=True)
    module_lessons = models.PositiveSmallIntegerField(null=True, blank=True)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    marks_begin = models.CharField(max_length=10, choices=MarksBegin.choices, blank=True, default="")  # as the branch

    objects: ClassVar[TenantManager] = GroupManager(GroupQuerySet)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "branch", "name"], name="group_name_once"),
            models.CheckConstraint(name="group_ends_after_start", condition=Q(ends_on__gt=F("starts_on"))),
            models.CheckConstraint(name="group_price_not_negative", condition=Q(price=None) | Q(price__gte=0)),
            models.CheckConstraint(name="group_plan_known", condition=Q(plan__in=["", *(k.value for k in PlanKind)])),
            models.CheckConstraint(name="group_marks_begin", condition=Q(marks_begin__in=["", *MarksBegin.values])),
            models.CheckConstraint(
                name="group_module_has_lessons", condition=~Q(plan=PlanKind.MODULE.value) | Q(module_lessons__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Waiting(TenantModel):
    """Someone who waits for a place in a group, since a moment; over when taken off the list or in the group."""

    branch_path = "group__branch_id"

    group = models.ForeignKey(Group, models.CASCADE, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, default="")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "group", "student"], name="waits_once")]

    def __str__(self) -> str:
        return f"{self.student} · {self.group}"


class Recurrence(TenantModel):
    """A weekly lesson of a group, or of a course without one: then of one student, or (None) of whoever comes.

    A changed schedule ends its rows and keeps them: what was counted by them must not be counted anew by others.
    """

    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="recurrences")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, null=True, blank=True, related_name="+")
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, blank=True, related_name="+")
    type = models.ForeignKey(LessonType, models.PROTECT, null=True, blank=True, related_name="+")
    weekday = models.PositiveSmallIntegerField()  # ISO: 1 is Monday
    starts_time = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    # Instead of the group's.
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="+")
    teacher = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    # Beside the group's days: a change of those leaves it alone.
    is_extra = models.BooleanField(default=False)
    # From this day (null: from the group's first) to the day before `valid_until` (null: still in force).
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["org", "group", "weekday", "starts_time"], condition=Q(valid_until=None), name="recurrence_once"
            ),
            models.CheckConstraint(
                name="recurrence_ends_after_start",
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
            ),
            models.CheckConstraint(
                name="recurrence_of_group_or_alone",
                condition=Q(group__isnull=False, course=None, student=None, branch=None)
                | Q(group=None, course__isnull=False, branch__isnull=False, valid_from__isnull=False)
                & Q(valid_until__isnull=False, is_extra=False),
            ),
            models.CheckConstraint(name="recurrence_weekday", condition=Q(weekday__range=(1, 7))),
            models.CheckConstraint(name="recurrence_minutes", condition=Q(minutes__range=(1, 1440))),
        ]
        indexes = [models.Index(fields=["org", "student"], condition=Q(group=None), name="recurrence_alone")]

    def __str__(self) -> str:
        return str(self.group or self.student or self.course)

    @property
    def span(self) -> tuple[date, date]:
        """From when, and up to which day not included, one without a group is in force: it always has both."""
        return self.valid_from, self.valid_until  # type: ignore[return-value] # the database sees to it

    @property
    def last_on(self) -> date | None:
        """The last day, inclusive; None: as long as its group runs."""
        return None if self.valid_until is None else self.valid_until - timedelta(days=1)


class Lesson(TenantModel):
    """One meeting: the local date and wall time are what was agreed, the instants follow from the branch's zone.

    Of a group; or of a course without one: then of one student, or (None) of whoever is put on it.
    """

    # Keys without an index of their own are found by those below: lessons are made by the thousand.
    branch = models.ForeignKey(Branch, models.PROTECT, db_index=False, related_name="+")
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    # The weekly lesson that made one without a group; a group's are found by their weekday and time.
    recurrence = models.ForeignKey(Recurrence, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    teacher = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    held_on = models.DateField()
    starts_time = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Planned by hand: a change of the weekly schedule leaves it alone.
    is_extra = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=LessonStatus.choices, default=LessonStatus.PLANNED)
    topic = models.CharField(max_length=200, blank=True, default="")
    # The row of the course's plan that `topic` is the title of; empty: a topic in one's own words, or none.
    plan_topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    homework = models.CharField(max_length=500, blank=True, default="")
    conducted_at = models.DateTimeField(null=True, blank=True)
    # Why marks that were old already were corrected; asked for once.
    corrected_because = models.CharField(max_length=200, blank=True, default="")
    # Why it does not take place, when it was cancelled.
    cancel_reason = models.CharField(max_length=200, blank=True, default="")
    # The day it first stood on, by which months are counted, once it was moved (decision D10).
    moved_from = models.DateField(null=True, blank=True)
    # Empty: a plain one of its kind.
    type = models.ForeignKey(LessonType, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    # Nobody else may have its room, or its teacher, at its time: so its branch wanted it when it was planned.
    holds_room = models.BooleanField(default=False)
    holds_teacher = models.BooleanField(default=False)
    # When it last got another time, room or teacher, or was cancelled or restored; the database writes it.
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)

    branch_path = "branch_id"

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "group", "held_on", "starts_time"], name="lesson_once"),
            models.UniqueConstraint(
                fields=["org", "student", "held_on", "starts_time"],
                condition=Q(student__isnull=False) & ~Q(status=LessonStatus.CANCELLED),
                name="lesson_of_student_once",
            ),
            models.CheckConstraint(
                name="lesson_of_group_or_alone",
                condition=Q(group__isnull=False, course=None, student=None, recurrence=None)
                | Q(group=None, course__isnull=False),
            ),
            *(
                ExclusionConstraint(
                    name=f"lesson_{what}_free",
                    expressions=[
                        ("org", RangeOperators.EQUAL),
                        (what, RangeOperators.EQUAL),
                        (Func(F("starts_at"), F("ends_at"), function="tstzrange"), RangeOperators.OVERLAPS),
                    ],
                    condition=Q(**{f"holds_{what}": True, f"{what}__isnull": False})
                    & ~Q(status=LessonStatus.CANCELLED),
                )
                for what in ("room", "teacher")
            ),
            models.CheckConstraint(name="lesson_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="lesson_conducted_at",
                condition=Q(status=LessonStatus.CONDUCTED, conducted_at__isnull=False)
                | (~Q(status=LessonStatus.CONDUCTED) & Q(conducted_at=None)),
            ),
            models.CheckConstraint(
                name="lesson_cancelled_because", condition=Q(cancel_reason="") ^ Q(status=LessonStatus.CANCELLED)
            ),
        ]
        indexes = [
            models.Index(fields=["org", "held_on", "starts_at", "id"], name="lesson_by_day"),
            models.Index(fields=["org", "held_on"], condition=Q(status=LessonStatus.PLANNED), name="lesson_planned"),
            # Whether a room or a teacher is taken at a time.
            models.Index(fields=["org", "room", "starts_at"], name="lesson_in_room"),
            models.Index(fields=["org", "teacher", "starts_at"], name="lesson_of_teacher"),
            models.Index(
                fields=["org", "student", "held_on"], condition=Q(student__isnull=False), name="lesson_of_student"
            ),
            *(
                models.Index(fields=["org", what], condition=Q(**{f"{what}__isnull": False}), name=f"lesson_by_{what}")
                for what in ("course", "type", "plan_topic", "recurrence")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.held_on:%Y-%m-%d} {self.starts_time:%H:%M}"

    @property
    def name(self) -> str:
        """How it is called: by its group, by its student, or by its course where whoever comes is welcome."""
        return str(self.group or self.student or self.course)

    @property
    def studied(self) -> Course:
        """The course it is a lesson of."""
        return self.group.course if self.group else self.course  # type: ignore[return-value] # the database sees to it

    @property
    def kind(self) -> LessonKind:
        """Who is on it, and how they get there."""
        if self.group_id is not None:
            return LessonKind.GROUP
        return LessonKind.TRIAL if self.student_id is None else LessonKind.INDIVIDUAL


class Enrolment(Ended):
    """A student's membership in a group: a trial from `starts_on`, charged from `activated_on`, over at `ends_on`."""

    branch_path = "group__branch_id"

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, models.PROTECT, related_name="+")
    starts_on = models.DateField()
    activated_on = models.DateField(null=True, blank=True)
    # The day on which the activation was written down (decision D12); empty: taken over, or before this was noted.
    entered_on = models.DateField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *Ended.Meta.constraints,
            models.CheckConstraint(
                name="enrolment_ends_after_start", condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
            ),
            models.CheckConstraint(
                name="enrolment_activated_after_start",
                condition=Q(activated_on=None) | Q(activated_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="enrolment_entered_only_active", condition=Q(entered_on=None) | Q(activated_on__isnull=False)
            ),
            ExclusionConstraint(
                name="enrolment_once_at_a_time",
                expressions=[
                    ("org", RangeOperators.EQUAL),
                    ("student", RangeOperators.EQUAL),
                    ("group", RangeOperators.EQUAL),
                    (Func(F("starts_on"), F("ends_on"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [*Ended.Meta.indexes, models.Index(fields=["org", "group", "starts_on"], name="enrolment_of_group")]

    def __str__(self) -> str:
        return f"{self.student} · {self.group}"


class Suspension(TenantModel):
    """A pause of a student, in one group or in all (null), from a day to the day before another (null: open)."""

    branch_path = "student__branch_id"

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    # Decision D7: whether the end of the subscriptions moves by it.
    extends = models.BooleanField(default=True)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                name="suspension_ends_after_start", condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
            ),
            ExclusionConstraint(
                name="suspended_once_at_a_time",
                expressions=[
                    ("org", RangeOperators.EQUAL),
                    ("student", RangeOperators.EQUAL),
                    (Func(F("group"), 0, function="coalesce"), RangeOperators.EQUAL),
                    (Func(F("starts_on"), F("ends_on"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["org", "student"], name="suspension_of_student"),
            models.Index(fields=["org", "-starts_on", "-id"], name="suspension_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.student}"

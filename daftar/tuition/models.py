"""Tables of tuition: what prices a student. The charges themselves are transfers of the ledger."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from daftar.courses.models import Course, Enrolment, Group, Lesson
from daftar.courses.plans import PLAN_CHOICES
from daftar.courses.rules import PlanKind
from daftar.orgs.models import Branch, DiscountPer, Member, TenantModel
from daftar.people.models import Student


class Terms(TenantModel):
    """What a price is for: the way of charging, how many lessons or months, and which lessons it may pay for."""

    plan = models.CharField(max_length=20, choices=PLAN_CHOICES)
    lessons_count = models.PositiveSmallIntegerField(default=1)
    module_lessons = models.PositiveSmallIntegerField(null=True, blank=True)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    # Subjects of courses, and lesson types by their code; empty: any.
    subjects = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    lesson_types = ArrayField(models.CharField(max_length=20), default=list, blank=True)

    class Meta(TenantModel.Meta):
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_plan_known", condition=Q(plan__in=[kind.value for kind in PlanKind])
            ),
            models.CheckConstraint(name="%(class)s_lessons_positive", condition=Q(lessons_count__gt=0)),
            models.CheckConstraint(
                name="%(class)s_module_has_lessons", condition=~Q(plan=PlanKind.MODULE.value) | Q(module_lessons__gt=0)
            ),
            models.CheckConstraint(name="%(class)s_months_positive", condition=Q(months=None) | Q(months__gt=0)),
        ]


class Tariff(Terms):
    """A price that students can be bound to; its own price changes from a day on."""

    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    # How many days a subscription is valid, its first included; null: without end.
    valid_days = models.PositiveSmallIntegerField(null=True, blank=True)
    # Where it is offered; empty: in every branch.
    branches = ArrayField(models.BigIntegerField(), default=list, blank=True)
    is_archived = models.BooleanField(default=False)

    class Meta(Terms.Meta):
        abstract = False
        constraints = [
            *Terms.Meta.constraints,
            models.UniqueConstraint(fields=["org", "name"], name="tariff_name_once"),
            models.CheckConstraint(name="tariff_valid_days", condition=Q(valid_days=None) | Q(valid_days__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class TariffPrice(TenantModel):
    """The price of a tariff from a day on, in minor units."""

    tariff = models.ForeignKey(Tariff, models.CASCADE, related_name="prices")
    from_on = models.DateField()
    amount = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "tariff", "from_on"], name="tariff_price_once"),
            models.CheckConstraint(name="tariff_price_not_negative", condition=Q(amount__gte=0)),
        ]


class ListPrice(TenantModel):
    """The price of a course, or of a group, from a day on, in minor units; of a group also none: as its course."""

    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, related_name="+")
    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="+")
    from_on = models.DateField()
    amount = models.BigIntegerField(null=True, blank=True)
    # Whether it also holds for those who were active before that day.
    bound_follow = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["org", "course", "group", "from_on"], nulls_distinct=False, name="list_price_once"
            ),
            models.CheckConstraint(name="list_price_of_one", condition=Q(course=None) ^ Q(group=None)),
            models.CheckConstraint(name="list_price_not_negative", condition=Q(amount=None) | Q(amount__gte=0)),
            models.CheckConstraint(name="list_price_of_course", condition=Q(course=None) | Q(amount__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.from_on}"


class Subscription(Terms):
    """A price bound to a student, from `starts_on` to the day before `ends_on` (null: open)."""

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    # The group whose lessons it pays for; null: any group's.
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, null=True, blank=True, related_name="+")
    tariff = models.ForeignKey(Tariff, models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    # Whether its money is kept apart from the student's other money.
    is_separate = models.BooleanField(default=False)
    extended_by_suspensions = models.BooleanField(default=True)
    # Agreed with this student: a new price of the course or tariff leaves it alone.
    has_own_price = models.BooleanField(default=False)
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta(Terms.Meta):
        abstract = False
        constraints = [
            *Terms.Meta.constraints,
            models.CheckConstraint(
                name="subscription_ends_after_start", condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
            ),
            models.UniqueConstraint(fields=["org", "enrolment"], name="one_subscription_per_enrolment"),
        ]
        indexes = [
            models.Index(fields=["org", "student"], name="subscription_of_student"),
            models.Index(fields=["org", "plan", "student"], name="subscription_by_plan"),
            models.Index(fields=["org", "tariff"], name="subscription_of_tariff"),
        ]

    def __str__(self) -> str:
        return f"{self.get_plan_display()} #{self.pk}"


class PriceStep(TenantModel):
    """The price of a subscription from a day on, in minor units."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="price_steps")
    from_on = models.DateField()
    amount = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "subscription", "from_on"], name="price_step_once"),
            models.CheckConstraint(name="price_not_negative", condition=Q(amount__gte=0)),
        ]


class Discount(TenantModel):
    """A percentage, or an amount in minor units, off what a student pays, from a day to the day before another."""

    branch_path = "student__branch_id"

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    # What the amount is off; empty: as the branch's setting says.
    per = models.CharField(max_length=12, choices=DiscountPer.choices, blank=True, default="")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    subjects = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    lesson_types = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    # Made by the centre's rule for siblings, and taken back by it.
    is_for_siblings = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="discount_percent_or_amount", condition=Q(percent=None) ^ Q(amount=None)),
            models.CheckConstraint(
                name="discount_percent_range", condition=Q(percent=None) | Q(percent__gt=0, percent__lte=100)
            ),
            models.CheckConstraint(name="discount_amount_positive", condition=Q(amount=None) | Q(amount__gt=0)),
            models.CheckConstraint(
                name="discount_ends_after_start", condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
            ),
        ]
        indexes = [
            models.Index(fields=["org", "student"], name="discount_of_student"),
            models.Index(fields=["org", "-starts_on", "-id"], name="discount_newest"),
        ]

    def __str__(self) -> str:
        return str(_("Discount")) if self.percent is None else f"{self.percent} %"


class LessonPick(TenantModel):
    """The subscription that a person chose to pay for a lesson, instead of the one that the rules pick (D6)."""

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "student", "lesson"], name="lesson_picked_once")]

    def __str__(self) -> str:
        return f"{self.lesson}"


class ForecastDay(TenantModel):
    """What was expected on a day: all charges of a branch dated in a month, as things stood when that day began."""

    branch_path = "branch_id"

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    made_on = models.DateField()
    # The first day of the month that is foreseen.
    month = models.DateField()
    # What was charged by then, and what was still to come, in minor units of the branch's currency.
    charged = models.BigIntegerField()
    to_come = models.BigIntegerField()
    students = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "branch", "made_on", "month"], name="forecast_once_a_day"),
            models.CheckConstraint(name="forecast_of_a_month", condition=Q(month__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class CreditByHand(TenantModel):
    """On which credit, of a charge with this key and dated that day, a person decided otherwise than the centre."""

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="+")
    key = models.CharField(max_length=40)
    on = models.DateField()
    reason = models.CharField(max_length=200)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.key


class CreditDeclined(CreditByHand):
    """A credit that a person decided not to give, and why (decision D8)."""

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "subscription", "key", "on"], name="credit_declined_once"),
            models.CheckConstraint(name="declined_because", condition=~Q(reason="")),
        ]
        indexes = [models.Index(fields=["org", "student"], name="credit_declined_of_student")]


class CreditGiven(CreditByHand):
    """A credit that a person decided to give where the centre gives none, and why (decision D8)."""

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "subscription", "key", "on"], name="credit_given_once"),
            models.CheckConstraint(name="given_because", condition=~Q(reason="")),
        ]
        indexes = [models.Index(fields=["org", "student"], name="credit_given_of_student")]


class DeedTogether(models.TextChoices):
    """What is done with several members of a group at once.

    To join is kept as a deed that makes them trials or active.
    """

    LEAVE = "leave", _("Leave the group")
    TRANSFER = "transfer", _("Move to another group")
    PAUSE = "pause", _("Pause")
    END_PAUSE = "end_pause", _("End the pause")
    TRIAL = "trial", _("Back to trial")
    ACTIVATE = "activate", _("Activate")


class DoneTogether(TenantModel):
    """What was done with several members of a group at once, kept so that it can be taken back as a whole."""

    branch_path = "group__branch_id"

    group = models.ForeignKey(Group, models.CASCADE, related_name="+")
    deed = models.CharField(max_length=10, choices=DeedTogether.choices)
    # The day it holds from.
    on = models.DateField()
    # By student: each row that it changed, as it was and as it is; see `rules.taking_back`.
    changes = models.JSONField()
    # By student: how everything looked afterwards that it may have concerned.
    seen = models.JSONField()
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="done_together_known", condition=Q(deed__in=DeedTogether.values)),
        ]

    def __str__(self) -> str:
        return f"{self.group}"

"""Tables of tuition: what prices a student. The charges themselves are transfers of the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from daftar.courses.models import PLAN_CHOICES, Enrolment, Group
from daftar.orgs.models import TenantModel
from daftar.people.models import Student


class Subscription(TenantModel):
    """A price bound to a student, from `starts_on` to the day before `ends_on` (null: open)."""

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    # The group whose lessons it pays for; null: any group's.
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, null=True, blank=True, related_name="+")
    plan = models.CharField(max_length=20, choices=PLAN_CHOICES)
    lessons_count = models.PositiveSmallIntegerField(default=1)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                name="subscription_ends_after_start", condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
            ),
            models.CheckConstraint(name="subscription_lessons_positive", condition=Q(lessons_count__gt=0)),
            models.UniqueConstraint(fields=["org", "enrolment"], name="one_subscription_per_enrolment"),
        ]
        indexes = [
            models.Index(fields=["org", "student"], name="subscription_of_student"),
            models.Index(fields=["org", "plan", "student"], name="subscription_by_plan"),
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

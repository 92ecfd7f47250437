"""How memberships end: what stands on each, and the centre's own reasons."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from daftar.orgs.models import Member, TenantModel


class LeavingReason(TenantModel):
    """Why students leave, in the centre's own words; an archived one is not offered and stays where it was chosen."""

    name = models.CharField(max_length=80)
    # Where it stands among the others.
    place = models.PositiveSmallIntegerField(default=0)
    is_archived = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "name"], name="leaving_reason_name_once"),
            models.CheckConstraint(name="leaving_reason_has_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class Ended(TenantModel):
    """How a membership came to its end: nothing of it where the end was agreed when it began, or with the group's."""

    # The first day that does not belong to the membership any more.
    ends_on = models.DateField(null=True, blank=True)
    # When somebody wrote down that the student leaves, and who; empty: nobody did.
    left_at = models.DateTimeField(null=True, blank=True)
    left_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    left_reason = models.ForeignKey(
        LeavingReason, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    # In free words, beside the reason.
    left_because = models.CharField(max_length=200, blank=True, default="")
    # The membership in another group that a transfer made of it; where that is taken away, the student has left.
    moved_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, db_index=False, related_name="+")

    class Meta(TenantModel.Meta):
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="enrolment_left_has_ended", condition=Q(left_at=None) | Q(ends_on__isnull=False)
            ),
            models.CheckConstraint(
                name="enrolment_reason_of_leaving",
                condition=Q(left_at__isnull=False) | Q(left_by=None, left_reason=None, moved_to=None),
            ),
        ]
        indexes = [
            models.Index(fields=["org", "-ends_on", "-id"], condition=Q(left_at__isnull=False), name="enrolment_left"),
            models.Index(fields=["org", "moved_to"], condition=Q(moved_to__isnull=False), name="enrolment_moved_to"),
        ]

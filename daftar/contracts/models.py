"""Tables of contracts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from daftar.orgs.models import Branch, Member, TenantModel
from daftar.people.models import Student


class Contract(TenantModel):
    """So many lessons for a sum, from `starts_on` to the day before `ends_on`, as agreed with a student."""

    # It goes with the student; its number stays that of the branch it was written in.
    branch_path = "student__branch_id"

    student = models.ForeignKey(Student, models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    # As the centre writes it, and the branch's own count, which nobody writes.
    number = models.CharField(max_length=60, blank=True, default="")
    branch_number = models.PositiveIntegerField()
    # By its code, as prices name it; empty: lessons of any type.
    lesson_type = models.CharField(max_length=20, blank=True, default="")
    visits = models.PositiveIntegerField(null=True, blank=True)
    amount = models.BigIntegerField()
    # The day by which it is to be paid.
    due_on = models.DateField(null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    note = models.CharField(max_length=300, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    # When it was deleted; it keeps its number, so that the branch's count has no gap.
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "branch", "branch_number"], name="contract_number_once"),
            models.CheckConstraint(name="contract_is_numbered", condition=Q(branch_number__gt=0)),
            models.CheckConstraint(name="contract_ends_after_start", condition=Q(ends_on__gt=F("starts_on"))),
            models.CheckConstraint(name="contract_sum_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="contract_visits_positive", condition=Q(visits=None) | Q(visits__gt=0)),
        ]
        indexes = [
            models.Index(fields=["org", "student"], name="contract_of_student"),
            models.Index(fields=["org", "starts_on"], name="contract_by_start"),
            models.Index(fields=["org", "ends_on"], name="contract_by_end"),
        ]

    def __str__(self) -> str:
        return f"№\u00a0{self.number or self.branch_number}"

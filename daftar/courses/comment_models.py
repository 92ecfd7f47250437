"""Table of what the team writes about groups."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from daftar.courses.models import Group
from daftar.orgs.models import Member, TenantModel

LONGEST_COMMENT = 2000


class GroupComment(TenantModel):
    """A note of a member of the team on a group; one that was taken away is kept, so that Undo brings it back."""

    branch_path = "group__branch_id"

    group = models.ForeignKey(Group, models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    text = models.CharField(max_length=LONGEST_COMMENT)
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.CheckConstraint(name="group_comment_says_something", condition=~Q(text=""))]
        indexes = [
            models.Index(
                fields=["org", "group", "-written_at", "-id"],
                condition=Q(removed_at=None),
                name="group_comments_newest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.group}"

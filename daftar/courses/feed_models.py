"""Table of the calendars that other programs read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from daftar.courses.models import Group, Room
from daftar.orgs.models import Door, Member, TenantModel
from daftar.people.models import Student


class Feed(TenantModel):
    """A calendar that programs read by a secret link: of one teacher, room or group, or of a student's family."""

    door = models.ForeignKey(Door, models.PROTECT, related_name="+")
    # With the installation's key it makes the secret of the link, which stands nowhere itself.
    nonce = models.CharField(max_length=64)
    teacher = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="+")
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    student = models.ForeignKey(Student, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()
    # From then on the link opens nothing.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                name="feed_of_one",
                condition=Q(teacher__isnull=False, room=None, group=None, student=None)
                | Q(teacher=None, room__isnull=False, group=None, student=None)
                | Q(teacher=None, room=None, group__isnull=False, student=None)
                | Q(teacher=None, room=None, group=None, student__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["org", "teacher", "room", "group", "student"], nulls_distinct=False,
                condition=Q(withdrawn_at=None), name="feed_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.teacher or self.room or self.group or self.student)

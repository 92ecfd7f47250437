"""Tables of people."""

from __future__ import annotations

from typing import ClassVar, Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from daftar.lib.tenancy import TenantManager, TenantQuerySet
from daftar.lib.text import search_key
from daftar.orgs.models import Branch, TenantModel

FEWEST_DIGITS, LAST_DIGITS = 3, 4


class Stage(models.TextChoices):
    """How far someone has come; archive is a date beside it."""

    LEAD = "lead", _("Lead")
    CLIENT = "client", _("Client")


class ContactKind(models.TextChoices):
    """A way to reach someone."""

    MOBILE = "mobile", _("Mobile phone")
    EMAIL = "email", _("E-mail")


class Payer(TenantModel):
    """The person or company who pays for one or several students."""

    name = models.CharField(max_length=200)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["org", "name"], name="payer_name")]

    def __str__(self) -> str:
        return self.name


class StudentQuerySet(TenantQuerySet["Student"]):
    """Students by state and by what someone types."""

    def current(self) -> Self:
        """Not archived."""
        return self.filter(archived_on=None)

    def matching(self, typed: str, *, by_phone: bool) -> Self:
        """Whose name or phone fits what was typed: any script, any apostrophe, the last digits of a phone.

        Without `by_phone` digits find nobody by a phone, so that the search tells nothing of phones either.
        """
        digits = phone_digits(typed)
        if digits:
            if not by_phone:
                return self.none()
            ending = {"last4": digits} if len(digits) == LAST_DIGITS else {"digits__contains": digits}
            phones = Contact.unguarded.filter(
                org_id=models.OuterRef("org_id"), student_id=models.OuterRef("pk"), **ending
            )
            return self.filter(models.Exists(phones))
        words = search_key(typed).split()
        if not words:
            return self.none()
        rows = self
        for word in words:
            rows = rows.filter(search_key__contains=word)
        return rows


def phone_digits(typed: str) -> str:
    """The digits of what was typed, if that looks like a phone or its end; else nothing."""
    digits = "".join(char for char in typed if char.isdigit())
    return digits if len(digits) >= FEWEST_DIGITS and not any(char.isalpha() for char in typed) else ""


class Student(TenantModel):
    """The person who learns, or may."""

    branch_path = "branch_id"

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    full_name = models.CharField(max_length=200)
    # Kept beside the name and compared byte by byte: no server has to know how a language sorts.
    sort_key = models.CharField(max_length=400, db_collation="C")
    search_key = models.CharField(max_length=400)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.CLIENT)
    born_on = models.DateField(null=True, blank=True)
    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=120, blank=True, default="")
    study_status = models.CharField(max_length=120, blank=True, default="")
    note = models.TextField(blank=True, default="")
    # Columns of an imported file that have no field of their own: {"heading": "value"}.
    extra = models.JSONField(default=dict, blank=True)
    # What an import recognises the person by, so that the same file again adds nothing.
    import_key = models.CharField(max_length=200, null=True, blank=True)
    archived_on = models.DateField(null=True, blank=True)
    added_at = models.DateTimeField()

    objects: ClassVar[TenantManager] = TenantManager(StudentQuerySet)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["org", "import_key"], name="student_imported_once"),
            models.CheckConstraint(name="student_has_name", condition=~Q(full_name="")),
        ]
        indexes = [
            models.Index(fields=["org", "sort_key", "id"], name="student_by_name"),
            # What too many match is read in the order of the list until a page is full, without the rows.
            models.Index(
                fields=["org", "sort_key", "id"],
                include=["search_key", "branch"],
                condition=Q(archived_on=None),
                name="student_search_in_order",
            ),
            models.Index(fields=["org", "branch"], condition=~Q(archived_on=None), name="student_archived"),
            GinIndex(
                OpClass("org", name="int8_ops"), OpClass("search_key", name="gin_trgm_ops"), name="student_search"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name


class Contact(TenantModel):
    """A way to reach a student or the student's people."""

    student = models.ForeignKey(Student, models.CASCADE, related_name="contacts")
    kind = models.CharField(max_length=10, choices=ContactKind.choices)
    # As typed; `value` is what it was understood as (E.164 for phones) or empty when it was not.
    raw = models.CharField(max_length=200)
    value = models.CharField(max_length=200, blank=True, default="")
    owner = models.CharField(max_length=120, blank=True, default="")
    digits = models.CharField(max_length=40, blank=True, default="")
    last4 = models.CharField(max_length=4, blank=True, default="")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "student", "kind", "raw"], name="contact_once")]
        indexes = [
            models.Index(fields=["org", "last4"], name="contact_last4"),
            GinIndex(OpClass("org", name="int8_ops"), OpClass("digits", name="gin_trgm_ops"), name="contact_digits"),
        ]

    def __str__(self) -> str:
        return self.value or self.raw

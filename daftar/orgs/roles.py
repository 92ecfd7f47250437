"""The four fixed roles and what each may do: one table to read, checked against what the packages declare."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Permission:
    """Something that can be permitted: its code `package.verb` and its name for people."""

    code: str
    label: "StrPromise"


class Role(StrEnum):
    """A named set of permissions."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    CASHIER = "cashier"
    TEACHER = "teacher"

    @property
    def label(self) -> "StrPromise":
        """The role's name in the reader's language."""
        return LABELS[self]


LABELS = {
    Role.OWNER: _("Owner"),
    Role.ADMINISTRATOR: _("Administrator"),
    Role.CASHIER: _("Cashier"),
    Role.TEACHER: _("Teacher"),
}

_TEACHER = frozenset({"courses.view", "attendance.mark"})
_CASHIER = frozenset(
    {
        "people.view",
        "people.see_contacts",
        "courses.view",
        "courses.see_all",
        "tuition.view",
        "finance.view",
        "finance.take_payment",
        "finance.promise",
    }
)
_ADMINISTRATOR = (
    _TEACHER
    | _CASHIER
    | {
        "people.edit",
        "courses.edit",
        "courses.enrol",
        "tuition.activate",
        "finance.reverse_payment",
        "orgs.see_history",
    }
)
_OWNER = _ADMINISTRATOR | {
    "orgs.manage",
    "finance.back_date",
    "finance.manage_desks",
    "attendance.manage",
    "transfer.import",
    "tuition.manage",
}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.TEACHER: _TEACHER,
    Role.CASHIER: _CASHIER,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
    Role.OWNER: _OWNER,
}

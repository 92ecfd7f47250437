"""The roles every centre begins with and what each may do then: one table to read; a centre changes its own copy."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Permission:
    """Something that can be permitted: its code `package.verb`, its name for people, and what follows from it."""

    code: str
    label: "StrPromise"
    hint: "StrPromise | str" = ""


class BuiltIn(StrEnum):
    """A role that every centre has from its founding."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    CASHIER = "cashier"
    TEACHER = "teacher"

    @property
    def label(self) -> "StrPromise":
        """The role's name in the reader's language."""
        return LABELS[self]


LABELS = {
    BuiltIn.OWNER: _("Owner"),
    BuiltIn.ADMINISTRATOR: _("Administrator"),
    BuiltIn.CASHIER: _("Cashier"),
    BuiltIn.TEACHER: _("Teacher"),
}

_TEACHER = frozenset(
    {"courses.view", "courses.comment", "attendance.mark", "attendance.edit_exams", "attendance.edit_materials"}
)
_CASHIER = frozenset(
    {
        "people.view",
        "people.see_contacts",
        "courses.view",
        "courses.see_all",
        "tuition.view",
        "finance.view",
        "finance.take_payment",
        "finance.sell",
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
        "attendance.add_guests",
        "attendance.edit_scales",
        "tuition.activate",
        "tuition.pause",
        "tuition.price",
        "contracts.edit",
        "finance.reverse_payment",
        "finance.edit_payment",
        "finance.refund",
        "finance.move_money",
        "orgs.see_history",
    }
)
_OWNER = _ADMINISTRATOR | {
    "orgs.manage",
    "finance.back_date",
    "finance.correct_balance",
    "finance.close_books",
    "finance.reopen_books",
    "finance.export_ledger",
    "finance.manage_desks",
    "attendance.manage",
    "transfer.import",
    "tuition.manage",
}

PERMISSIONS: dict[BuiltIn, frozenset[str]] = {
    BuiltIn.TEACHER: _TEACHER,
    BuiltIn.CASHIER: _CASHIER,
    BuiltIn.ADMINISTRATOR: _ADMINISTRATOR,
    BuiltIn.OWNER: _OWNER,
}
# All that a role can hold. The owner's always holds it, what later releases add included.
GRANTABLE = PERMISSIONS[BuiltIn.OWNER]

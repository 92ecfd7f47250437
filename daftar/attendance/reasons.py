"""Verbs on the reasons of absence, and what follows from each (decision D3)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from daftar.attendance.models import AbsenceReason
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, publish, question, verb
from daftar.orgs.events import TuitionSettingsChanged

MOST_PLACES = 1000


class ReasonNameTaken(Refusal):
    constraints = ("reason_name_once",)
    field = "name"
    text = _("There is a reason with this name already.")


class PlaceOutOfRange(Refusal):
    field = "place"
    text = _("Write a number from 1 to 1000.")


@question("attendance.manage")
def get_reason(by: Actor, reason_id: int) -> AbsenceReason:
    """The reason; NotFound when there is none."""
    row: AbsenceReason = AbsenceReason.objects.visible_to(by).one(pk=reason_id)
    return row


@verb("attendance.manage")
def add_reason(
    by: Actor, *, name: str, charges: bool, pays_teacher: bool, gives_credit: bool, place: int,
    credit_days: int | None = None,
) -> AbsenceReason:  # fmt: skip
    """A reason of the centre's own; `place` is where it stands among the others.

    Where it gives a lesson back, that one can be made up for within `credit_days` (None: whenever).
    """
    _check(by, name, place, None)
    return add(
        by, AbsenceReason, name=name, charges=charges, pays_teacher=pays_teacher, gives_credit=gives_credit,
        place=place, credit_days=credit_days,
    )  # fmt: skip


@verb("attendance.manage")
def edit_reason(
    by: Actor, *, reason_id: int, name: str, charges: bool, pays_teacher: bool, gives_credit: bool, place: int,
    credit_days: int | None = None,
) -> AbsenceReason:  # fmt: skip
    """Changes a reason; where it begins or ceases to charge, the charges of absences follow, past ones too.

    Whether and how long a miss can be made up for counts for those marked from now on.
    """
    row: AbsenceReason = AbsenceReason.objects.visible_to(by).select_for_update(no_key=True).one(pk=reason_id)
    _check(by, name, place, row.pk)
    charged = row.charges
    change(
        by, row, name=name, charges=charges, pays_teacher=pays_teacher, gives_credit=gives_credit, place=place,
        credit_days=credit_days,
    )  # fmt: skip
    if charged != charges:
        publish(by, TuitionSettingsChanged())
    return row


def _check(by: Actor, name: str, place: int, own: int | None) -> None:
    if not 1 <= place <= MOST_PLACES:
        raise PlaceOutOfRange
    if AbsenceReason.objects.visible_to(by).filter(name=name).exclude(pk=own).exists():
        raise ReasonNameTaken

"""The centre's own reasons why students leave a group: a list to choose from, beside which words stay free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from daftar.courses.ending_models import LeavingReason
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, question, verb

if TYPE_CHECKING:
    from daftar.lib.tenancy import TenantQuerySet

MOST_PLACES = 1000
ORDINARY = (
    _("Moved to another place"), _("The price"), _("No time"), _("Not satisfied with the lessons"),
    _("Went to another centre"), _("Reached the goal"),
)  # fmt: skip


class LeavingReasonTaken(Refusal):
    constraints = ("leaving_reason_name_once",)
    field = "name"
    text = _("There is a reason with this name already.")


class LeavingReasonNeedsName(Refusal):
    field = "name"
    text = _("Write a name.")


class LeavingPlaceOutOfRange(Refusal):
    field = "place"
    text = _("Write a number from 1 to 1000.")


@question("courses.view")
def leaving_reasons(by: Actor) -> TenantQuerySet[LeavingReason]:
    """The reasons in their order, those in the archive last."""
    rows: TenantQuerySet[LeavingReason] = LeavingReason.objects.visible_to(by)
    return rows.order_by("is_archived", "place", "name", "id")


@question("courses.edit")
def get_leaving_reason(by: Actor, reason_id: int) -> LeavingReason:
    """The reason; NotFound when there is none."""
    row: LeavingReason = LeavingReason.objects.visible_to(by).one(pk=reason_id)
    return row


@verb("courses.edit")
def add_leaving_reason(by: Actor, *, name: str, place: int) -> LeavingReason:
    """A reason of the centre's own; `place` is where it stands among the others."""
    _check(by, name, place, None)
    return add(by, LeavingReason, name=name.strip(), place=place)


@verb("courses.edit")
def edit_leaving_reason(by: Actor, *, reason_id: int, name: str, place: int) -> LeavingReason:
    """Another name or place; those who left for it are told under the new name, past ones too."""
    row = _held(by, reason_id)
    _check(by, name, place, row.pk)
    change(by, row, name=name.strip(), place=place)
    return row


@verb("courses.edit")
def archive_leaving_reason(by: Actor, *, reason_id: int) -> LeavingReason:
    """Offers it no more; it stays with those who left for it."""
    row = _held(by, reason_id)
    change(by, row, is_archived=True)
    return row


@verb("courses.edit")
def restore_leaving_reason(by: Actor, *, reason_id: int) -> LeavingReason:
    """Offers it again."""
    row = _held(by, reason_id)
    change(by, row, is_archived=False)
    return row


@verb("courses.edit")
def begin_leaving_reasons(by: Actor, *, language: str) -> None:
    """The six ordinary ones that every centre starts with, named in its language."""
    with override(language):
        names = [str(name) for name in ORDINARY]
    LeavingReason.objects.bulk_create(
        LeavingReason(org_id=by.org_id, name=name, place=place) for place, name in enumerate(names, start=1)
    )


def _held(by: Actor, reason_id: int) -> LeavingReason:
    row: LeavingReason = LeavingReason.objects.visible_to(by).select_for_update(no_key=True).one(pk=reason_id)
    return row


def _check(by: Actor, name: str, place: int, own: int | None) -> None:
    if not name.strip():
        raise LeavingReasonNeedsName
    if not 1 <= place <= MOST_PLACES:
        raise LeavingPlaceOutOfRange
    if LeavingReason.objects.visible_to(by).filter(name=name.strip()).exclude(pk=own).exists():
        raise LeavingReasonTaken

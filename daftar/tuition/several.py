"""Verbs on the membership of several students at once: all or nothing, and who cannot be is named."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses.memberships import hold_groups
from daftar.courses.queries import get_enrolment
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, verb
from daftar.tuition.leaving import leave_group, return_to_trial, transfer, undo_leaving
from daftar.tuition.services import activate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date

    from daftar.courses.models import Enrolment

MOST = 100


class NobodyChosen(Refusal):
    field = "enrolment_ids"
    text = _("Choose at least one student.")


class TooMany(Refusal):
    field = "enrolment_ids"
    text = _("At most %(most)s students at once.")


class CannotBe(Refusal):
    """One of them is refused (`why`: a Refusal), and so nobody is changed."""

    field = "enrolment_ids"
    text = _("%(name)s: %(why)s")


@verb("tuition.activate")
def activate_together(by: Actor, *, enrolment_ids: Collection[int], on: date) -> list[Enrolment]:
    """Activates several memberships from a day; who joined later is activated from the day of joining."""
    found = []
    for row in _chosen(by, enrolment_ids):
        with _named(row):
            found.append(activate(by.trusted(), enrolment_id=row.pk, activated_on=max(on, row.starts_on)))
    return found


@verb("tuition.pause")
def leave_together(by: Actor, *, enrolment_ids: Collection[int], last_on: date, reason: str = "") -> list[Enrolment]:
    """Ends several memberships with one last day."""
    found = []
    for row in _chosen(by, enrolment_ids):
        with _named(row):
            found.append(leave_group(by.trusted(), enrolment_id=row.pk, last_on=last_on, reason=reason))
    return found


@verb("tuition.pause")
def stay_together(by: Actor, *, enrolment_ids: Collection[int]) -> list[Enrolment]:
    """Takes the end of several memberships back."""
    found = []
    for row in _chosen(by, enrolment_ids):
        with _named(row):
            found.append(undo_leaving(by.trusted(), enrolment_id=row.pk))
    return found


@verb("tuition.pause")
def transfer_together(by: Actor, *, enrolment_ids: Collection[int], group_id: int, starts_on: date) -> list[Enrolment]:
    """Moves several students into another group from a day on; the day before is their last in this one."""
    found, chosen = [], _chosen(by, enrolment_ids)
    hold_groups(by.trusted(), [*(row.group_id for row in chosen), group_id])
    for row in chosen:
        with _named(row):
            moved = transfer(
                by.trusted(), enrolment_id=row.pk, group_id=group_id, last_on=starts_on - timedelta(days=1),
                starts_on=starts_on,
            )  # fmt: skip
            found.append(moved)
    return found


@verb("tuition.pause")
def return_together(by: Actor, *, enrolment_ids: Collection[int], from_on: date) -> list[Enrolment]:
    """Makes several students trials again from a day on."""
    found = []
    for row in _chosen(by, enrolment_ids):
        with _named(row):
            found.append(return_to_trial(by.trusted(), enrolment_id=row.pk, from_on=from_on))
    return found


def _chosen(by: Actor, enrolment_ids: Collection[int]) -> list[Enrolment]:
    """In one order for everybody who locks them."""
    if not enrolment_ids:
        raise NobodyChosen
    if len(enrolment_ids) > MOST:
        raise TooMany(most=MOST)
    return [get_enrolment(by.trusted(), pk) for pk in sorted(set(enrolment_ids))]


@contextmanager
def _named(row: Enrolment) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise CannotBe(name=row.student.full_name, why=refusal) from refusal

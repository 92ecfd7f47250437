"""Verbs on how a centre charges: decisions that every branch follows unless it has made its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import NotFound, Refusal
from daftar.lib.money import exponent
from daftar.orgs.access import Actor, change, publish, verb
from daftar.orgs.events import TuitionSettingsChanged
from daftar.orgs.models import Branch, DiscountPer, Organization
from daftar.orgs.rules import ANSWERS
from daftar.orgs.services import check_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LARGEST_STEP = 10_000  # in units of the currency
# Decisions whose answers have names, and not yes and no.
NAMED: dict[str, list[str]] = {name: [each.value for each in answers] for name, answers in ANSWERS.items()} | {
    "money_discount_per": list(DiscountPer.values)
}
OR_AS_CENTRE = {name: ["", *values] for name, values in NAMED.items()}


class StepOutOfRange(Refusal):
    field = "rounding_step"
    text = _("Choose what sums are rounded to.")


class SiblingPercentOutOfRange(Refusal):
    field = "sibling_percent"
    text = _("A percentage is above 0 and at most 100.")


@dataclass(frozen=True)
class Charging:
    """Decisions on charging; of a branch None, or an empty text, is: as the centre.

    `rounding_step` is in minor units; None of the centre: the currency's smallest used unit (decision D2).
    """

    activation_day_counts: bool | None
    rounding_step: int | None
    money_discount_per: str
    suspensions_extend: bool | None
    holidays_credited: bool | None
    several_discounts: str = ""
    account_first: str = ""
    unserved_lessons: str = ""
    cancelled_lessons: str = ""
    moved_lessons: str = ""
    backdated_charges: str = ""
    group_edges: str = ""
    short_months: str = ""
    archived_debtors: str = ""
    zero_balance: str = ""

    def says(self, answers: Mapping[str, Collection[str]]) -> bool:
        """Whether each of these decisions has one of its answers."""
        return all(getattr(self, name) in values for name, values in answers.items())


@verb("orgs.manage")
def change_charging(by: Actor, *, charging: Charging, sibling_percent: Decimal | None) -> None:
    """Sets how the centre charges (decisions D1 to D16 but D3 and D11) and what siblings get off; charges follow."""
    check_whole(by)
    org = Organization.objects.select_for_update(no_key=True).get(pk=by.org_id)
    _check(charging, org.currency)
    if None in (charging.activation_day_counts, charging.suspensions_extend, charging.holidays_credited):
        raise NotFound  # only a branch may leave it to somebody else
    if not charging.says(NAMED):
        raise NotFound
    if sibling_percent is not None and not 0 < sibling_percent <= Decimal(100):
        raise SiblingPercentOutOfRange
    if _set(by, org, asdict(charging) | {"sibling_percent": sibling_percent}):
        publish(by, TuitionSettingsChanged())


@verb("orgs.manage")
def change_branch_charging(by: Actor, *, branch_id: int, charging: Charging) -> Branch:
    """Sets what a branch decides otherwise than the centre; charges follow."""
    branch: Branch = Branch.objects.visible_to(by).select_for_update(no_key=True).one(pk=branch_id)
    _check(charging, branch.currency)
    if not charging.says(OR_AS_CENTRE):
        raise NotFound
    if any(getattr(branch, name) != value for name, value in asdict(charging).items()):
        change(by, branch, **asdict(charging))
        publish(by, TuitionSettingsChanged())
    return branch


def _set(by: Actor, org: Organization, values: Mapping[str, Any]) -> bool:
    """Saves what differs in the locked organization and notes it; whether anything did."""
    was = {name: getattr(org, name) for name, value in values.items() if getattr(org, name) != value}
    if not was:
        return False
    for name in was:
        setattr(org, name, values[name])
    org.save(update_fields=list(was))
    assert by.notes is not None
    told = [{name: _plain(each[name]) for name in was} for each in (was, values)]
    by.notes.append({"row": "organization", "id": org.pk, "name": org.name, "was": told[0], "now": told[1]})
    return True


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _check(charging: Charging, currency: str) -> None:
    if charging.rounding_step is not None and not 0 < charging.rounding_step <= LARGEST_STEP * 10 ** exponent(currency):
        raise StepOutOfRange

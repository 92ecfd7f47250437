"""What is agreed with a student, in words: subscriptions, discounts and pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from daftar.lib.money import Money
from daftar.lib.period import inclusive_end
from daftar.office import formats, words
from daftar.tuition import lists

if TYPE_CHECKING:
    from datetime import date

    from daftar.orgs.access import Actor
    from daftar.tuition.lists import Bound
    from daftar.tuition.models import Discount, Subscription


def terms_said(by: Actor, student_id: int) -> dict[str, list[dict[str, Any]]]:
    """All that is agreed with a student, what is over last."""
    types = dict(lists.lesson_types(by))
    return {
        "subscriptions": [_bound(by, each, types) for each in lists.subscriptions_of(by, student_id)],
        "discounts": [
            {
                "id": row.pk,
                "worth": worth(row, row.student.branch.currency),
                "limits": limits(row, types),
                "reason": reason_of(row),
            }
            | _days(row, by.today)
            for row in lists.discounts_of(by, student_id)
        ],
        "pauses": [
            {"id": row.pk, "group": row.group.name if row.group else "", "reason": row.reason} | _days(row, by.today)
            for row in lists.suspensions_of(by, student_id)
        ],
    }


def name_of(row: Subscription) -> str:
    """What a subscription is called: by its tariff or its group."""
    return row.tariff.name if row.tariff else row.group.name if row.group else str(row)


def worth(row: Discount, currency: str) -> str:
    """What a discount takes off, in words."""
    if row.percent is not None:
        return f"{row.percent.normalize():f} %"
    sum_ = formats.money_text(Money(row.amount or 0, currency))
    return _("%(sum)s off each lesson") % {"sum": sum_} if row.per == "lesson" else sum_


def reason_of(row: Discount) -> str:
    """Why a discount is given: what somebody wrote, and that it is the centre's rule for siblings."""
    return " · ".join(filter(None, (_("for siblings") if row.is_for_siblings else "", row.reason)))


def again_as(row: Subscription) -> str:
    """Whose price holds where there is no own one: `tariff`, `course` (or its group), or "" where there is neither."""
    return "tariff" if row.tariff_id else "course" if row.group_id else ""


def limits(row: Any, types: dict[str, str]) -> str:
    """The subjects and types of lessons that something is only for; empty: for all."""
    return ", ".join([*row.subjects, *(types.get(code, code) for code in row.lesson_types)])


def last_of(row: Any) -> date | None:
    """The last day of what ends on the day after it."""
    return inclusive_end(row.ends_on)


def _days(row: Any, today: date) -> dict[str, Any]:
    return {
        "starts_on": row.starts_on, "last_on": last_of(row),
        "is_over": row.ends_on is not None and row.ends_on <= today,
    }  # fmt: skip


def _bound(by: Actor, each: Bound, types: dict[str, str]) -> dict[str, Any]:
    row = each.row
    ahead = ""
    if each.next_price is not None and each.next_from is not None:
        told = {"sum": formats.money_text(each.next_price), "day": formats.day(each.next_from)}
        ahead = _("%(sum)s from %(day)s") % told
    plan = words.charged_as(row)
    return {
        "id": row.pk, "name": name_of(row), "price": f"{formats.money_text(each.price)} · {plan}", "next": ahead,
        "limits": limits(row, types), "is_own": row.has_own_price, "is_separate": row.is_separate,
        "is_of_tariff": row.tariff_id is not None, "again": again_as(row) if row.has_own_price else "",
    } | _days(row, by.today)  # fmt: skip

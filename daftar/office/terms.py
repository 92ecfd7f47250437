"""What is agreed with a student, in words: subscriptions, discounts and pauses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from daftar.lib.money import Money
from daftar.lib.period import inclusive_end
from daftar.office import formats, words
from daftar.tuition import lists

if TYPE_CHECKING:
    from datetime import date

    from daftar.courses.models import Suspension
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
            {"id": row.pk, "group": row.group.name if row.group else ""} | pause_said(row, by.today)
            for row in lists.suspensions_of(by, student_id)
        ],
    }


def name_of(row: Subscription) -> str:
    """What a subscription is called: by its tariff or its group."""
    return row.tariff.name if row.tariff else row.group.name if row.group else str(row)


def pause_said(row: Suspension, today: date) -> dict[str, Any]:
    """A pause as lists show it; `is_now`: it holds today."""
    days = _days(row, today)
    return days | {
        "reason": row.reason,
        "is_now": row.starts_on <= today and not days["is_over"],
        "moves": _("moves the end of the subscription")
        if row.extends
        else _("leaves the end of the subscription where it is"),
    }


def span_said(each: Bound) -> str:
    """From when until when a subscription lasts, and where pauses have moved that, in words."""
    first, last = formats.day(each.row.starts_on), last_of(each.row)
    told = {"first": first, "last": "…" if last is None else formats.day(last)}
    if each.ends_on == each.row.ends_on:
        return f"{told['first']} – {told['last']}"
    if each.ends_on is None:
        return _("from %(first)s until %(last)s, which an open pause puts off") % told
    told["moved"] = formats.day(each.ends_on - timedelta(days=1))
    return _("from %(first)s until %(last)s, moved by pauses to %(moved)s") % told


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
        "days": span_said(each), "moves": _moves(each),
        "note": words.readable(by, row.note),
        "is_over": each.ends_on is not None and each.ends_on <= by.today,
    }  # fmt: skip


def _moves(each: Bound) -> str:
    """Whether pauses would move its last day; nothing where they did, or where there is none to be moved."""
    if not each.row.extended_by_suspensions:
        return _("pauses do not move its last day")
    is_said = each.row.ends_on is None or each.ends_on != each.row.ends_on
    return "" if is_said else _("pauses move its last day")

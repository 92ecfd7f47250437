"""The money of a group in a month: on the screen, on paper, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.translation import gettext as _

from daftar.courses.queries import get_group
from daftar.lib.money import decimal_text
from daftar.lib.period import Month
from daftar.office.files import as_file
from daftar.office.forms import typed
from daftar.office.grid import month_of
from daftar.office.page import OfficeRequest, page
from daftar.reports.group_money import money_of_group

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.reports.group_money import GroupMoney, MemberMoney, Totals


@page("tuition.view")
def group_money(request: OfficeRequest, group_id: int) -> HttpResponse:
    """What each member of a month is charged, pays and owes, each sum leading to the list it comes from."""
    by, row = request.by, get_group(request.by, group_id)
    month = Month.of(month_of(typed(request, "month", 7), by.today))
    found = money_of_group(by, row, month)
    sees_paid = by.may("finance.view")
    if request.GET.get("format") == "csv":
        return as_file(f"money-{group_id}-{month}", _lines(found, sees_paid=sees_paid))
    context: dict[str, Any] = {
        "group": row, "rows": found.rows, "totals": found.totals, "sees_paid": sees_paid, "month": month.first,
        "since": month.first.isoformat(), "until": month.last.isoformat(), "before": str(month.previous),
        "after": str(month.next),
    }  # fmt: skip
    return render(request, "office/courses/money.html", context)


def _lines(found: GroupMoney, *, sees_paid: bool) -> list[list[str]]:
    """The table as a file: sums as plain decimals with their currency, days as ISO has them."""
    heads = [
        _("Student"), _("Price"), _("Own price"), _("Charged"), _("Lessons charged"), _("Discounts"),
        *([_("Paid for the group")] if sees_paid else []), _("Balance now"), _("Currency"), _("Paid until"),
        _("Owes since"),
    ]  # fmt: skip
    return [heads, *map(_line, found.rows), *map(_sum, found.totals)]


def _line(row: MemberMoney) -> list[str]:
    price = ["", ""] if row.agreed is None else [decimal_text(row.agreed.price), _("yes") if row.agreed.is_own else ""]
    days = ["" if on is None else on.isoformat() for on in (row.paid_until, row.owes_since)]
    return [row.name, *price, *_figures(row), row.balance.currency, *days]


def _sum(row: Totals) -> list[str]:
    return [_("Together"), "", "", *_figures(row), row.balance.currency, "", ""]


def _figures(row: MemberMoney | Totals) -> list[str]:
    paid = [] if row.paid is None else [decimal_text(row.paid)]
    return [
        decimal_text(row.charged), str(row.lessons), decimal_text(row.discount), *paid, decimal_text(row.balance)
    ]  # fmt: skip

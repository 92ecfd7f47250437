"""What students paid in a period: each of them (LTV), and what it was for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from daftar.finance.models import PaymentKind
from daftar.lib.money import decimal_text
from daftar.office.files import as_file
from daftar.office.forms import done, form_page
from daftar.office.page import OfficeRequest, page
from daftar.office.reports.forms import LifetimeForm, PaidForm
from daftar.reports.group_income import income_by_group
from daftar.reports.lifetime import Asked
from daftar.reports.lifetime import lifetime as ask_lifetime

if TYPE_CHECKING:
    from django.http import HttpResponse, QueryDict

    from daftar.lib.money import Money
    from daftar.reports.group_income import GroupIncome


@page("finance.view")
def lifetime(request: OfficeRequest) -> HttpResponse:
    initial = this_month(request) | {"kinds": [PaymentKind.INCOME.value], "most": 100, "with_archived": True}
    form = LifetimeForm(asked(request, initial), currencies=currencies(request))
    found = done(form, lambda **values: ask_lifetime(request.by, Asked(**values)))
    if found and request.GET.get("format") == "csv":
        heads = [_("Student"), _("Lessons visited"), _("Payments"), _("Sum"), _("Currency")]
        lines = [
            [row.name, str(row.lessons), str(row.payments), decimal_text(row.sum), row.sum.currency]
            for row in found.rows
        ]
        return as_file("ltv", [heads, *lines])
    return form_page(request, "office/reports/lifetime.html", form, found=found, tab="lifetime")


@page("finance.view")
def group_income(request: OfficeRequest) -> HttpResponse:
    initial = this_month(request) | {"kinds": [PaymentKind.INCOME.value]}
    form = PaidForm(asked(request, initial), currencies=currencies(request))
    found = done(form, lambda **values: income_by_group(request.by, **values))
    rest = _rest(found) if found else []
    if found and request.GET.get("format") == "csv":
        lines = [[row.name, decimal_text(row.sum), row.sum.currency] for row in found.rows]
        lines += [[label, decimal_text(sum_), sum_.currency] for label, sum_, _why in rest]
        return as_file("income-by-group", [[_("Group"), _("Sum"), _("Currency")], *lines])
    return form_page(request, "office/reports/group_income.html", form, found=found, rest=rest, tab="groups")


def _rest(found: GroupIncome) -> list[tuple[str, Money, str]]:
    """What did not go to a group that is shown, in words, where there is any."""
    lines = [
        (_("Other groups"), found.elsewhere, _("Groups that you do not see, and charges that are of no group.")),
        (_("Old debts and corrections"), found.other, _("Debts brought from another program, and corrections down.")),
        (_("Refunded"), found.refunded, _("Given back to the students.")),
        (_("Goods"), found.goods, _("Sales, which pay for no lessons.")),
        (_("Not yet used"), found.unused, _("Paid, and nothing has been charged for it so far.")),
    ]
    return [line for line in lines if line[1]]


def this_month(request: OfficeRequest) -> dict[str, Any]:
    """The days that a report shows at first: the month so far."""
    today = request.by.today
    return {"since": today.replace(day=1), "until": today}


def asked(request: OfficeRequest, initial: dict[str, Any]) -> QueryDict | dict[str, Any]:
    """What the address asks for; the first time what is usual."""
    return request.GET if {"since", "until"} & request.GET.keys() else initial


def currencies(request: OfficeRequest) -> list[str]:
    """In which money the branches that are shown are kept, the oldest branch's first."""
    shown = [request.branch] if request.branch else request.branches
    return list(dict.fromkeys(branch.currency for branch in shown))

"""Contracts of a period."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from daftar.contracts.queries import Which, contracts_of_period
from daftar.lib.money import Money, decimal_text
from daftar.lib.period import Month, inclusive_end
from daftar.office.files import as_file
from daftar.office.forms import done, form_page, number_in
from daftar.office.page import OfficeRequest, page
from daftar.office.reports.forms import PeriodForm
from daftar.office.reports.paid import asked

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.contracts.models import Contract

WHICH = [
    (Which.STARTS.value, _("starting in these days")), (Which.ENDS.value, _("ending in these days")),
    (Which.IN_FORCE.value, _("in force in these days")),
]  # fmt: skip
ORDER = [
    ("starts", _("First day")), ("ends", _("Last day")), ("number", _("Number in the branch")),
    ("student", _("Student")), ("amount", _("Sum")),
]  # fmt: skip


class ContractsForm(PeriodForm):
    """Which contracts, and in which order."""

    which = forms.TypedChoiceField(label=_("Contracts"), choices=WHICH, coerce=Which)
    order = forms.ChoiceField(label=_("Sorted by"), choices=ORDER)


@page("finance.view")
def contracts(request: OfficeRequest) -> HttpResponse:
    by, month = request.by, Month.of(request.by.today)
    initial = {"since": month.first, "until": month.last, "which": Which.STARTS.value, "order": "starts"}
    form = ContractsForm(asked(request, initial))
    is_file = request.GET.get("format") == "csv"
    number = None if is_file else number_in(request, "page") or 1
    found = done(form, partial(contracts_of_period, by, number=number))
    rows = [_row(each) for each in found[0]] if found else []
    if found and is_file:
        return as_file("contracts", [_heads(), *(_cells(row) for row in rows)])
    context = {"rows": rows, "page": found and found[1], "sums": found[2] if found else [], "is_asked": bool(found)}
    return form_page(request, "office/reports/contracts.html", form, tab="contracts", **context)


def _row(row: Contract) -> dict[str, Any]:
    return {
        "id": row.pk, "student_id": row.student_id, "name": row.student.full_name, "number": row.number,
        "branch_number": row.branch_number, "branch": row.branch.name, "starts_on": row.starts_on,
        "last_on": inclusive_end(row.ends_on), "amount": Money(row.amount, row.branch.currency),
    }  # fmt: skip


def _heads() -> list[str]:
    return [
        _now("Number in the branch"), _now("Branch"), _now("Number"), _now("First day"), _now("Last day"),
        _now("Student"), _now("Sum"), _now("Currency"),
    ]  # fmt: skip


def _cells(row: dict[str, Any]) -> list[str]:
    days = (row["starts_on"].isoformat(), row["last_on"].isoformat())
    amount: Money = row["amount"]
    named = (str(row["branch_number"]), row["branch"], row["number"])
    return [*named, *days, row["name"], decimal_text(amount), amount.currency]

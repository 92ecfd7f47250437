"""What was charged in a period, what nothing paid for, and what is expected."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.courses.queries import get_group, lesson_names
from daftar.lib.money import Money
from daftar.lib.period import Month
from daftar.office import formats, words
from daftar.office.forms import day_field, done, form_page, number_in, typed
from daftar.office.grid import month_of
from daftar.office.page import OfficeRequest, page
from daftar.people.queries import get_student
from daftar.reports.charges import Whose, attended_without_subscription
from daftar.reports.charges import charges as ask_charges
from daftar.reports.today import must_pay_today
from daftar.tuition import rules
from daftar.tuition.forecasts import expectations, forecast_of
from daftar.tuition.uncharged import uncharged

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.courses.models import Group
    from daftar.orgs.access import Actor
    from daftar.people.models import Student
    from daftar.reports.charges import Charged
    from daftar.tuition.forecasts import Expected, Forecast


REASONS = {
    rules.Reason.TRIAL: gettext_lazy("on trial"),
    rules.Reason.NO_PRICE: gettext_lazy("nothing prices the lessons"),
    rules.Reason.NO_LESSONS: gettext_lazy("no lessons in the month"),
    rules.Reason.LEFT: gettext_lazy("left before"),
    rules.Reason.FROZEN: gettext_lazy("paused"),
    rules.Reason.OTHER_SUBSCRIPTION: gettext_lazy("another subscription pays"),
    rules.Reason.FREE: gettext_lazy("free by a discount"),
    rules.Reason.NOT_DUE: gettext_lazy("nothing is due in the month"),
}


class ForecastForm(forms.Form):
    """Until when the charges of a student are foreseen."""

    since = day_field(gettext_lazy("From"))
    until = day_field(gettext_lazy("To"))


@page("tuition.view")
def charges(request: OfficeRequest) -> HttpResponse:
    by = request.by
    since, until = _period(request)
    student, group = _named(request)
    whose = Whose(student.pk if student else None, group.pk if group else None)
    rows, at, sums = ask_charges(by, since=since, until=until, whose=whose, number=number_in(request, "page") or 1)
    lessons = lesson_names(by, {lesson for row in rows if (lesson := _lesson_of(row))})
    shown = [
        {
            "on": row.on, "student_id": row.student_id, "name": row.name, "amount": row.amount,
            "what": _what(row, lessons.get(_lesson_of(row) or 0)), "why": words.why_text(row.why, row.amount.currency),
        }
        for row in rows
    ]  # fmt: skip
    context = {
        "rows": shown, "page": at, "sums": sums, "since": since, "until": until, "tab": "charges",
        "student": student, "group": group,
    }  # fmt: skip
    return render(request, "office/reports/charges.html", context)


@page("tuition.view")
def unpriced(request: OfficeRequest) -> HttpResponse:
    since, until = _period(request)
    rows, is_cut = attended_without_subscription(request.by, since=since, until=until)
    context = {"rows": rows, "is_cut": is_cut, "since": since, "until": until, "tab": "unpriced"}
    return render(request, "office/reports/unpriced.html", context)


@page("tuition.view")
def due_today(request: OfficeRequest) -> HttpResponse:
    rows, is_cut = must_pay_today(request.by)
    return render(request, "office/reports/due_today.html", {"rows": rows, "is_cut": is_cut, "tab": "due"})


@page("tuition.view")
def not_charged(request: OfficeRequest) -> HttpResponse:
    by = request.by
    this = Month.of(by.today)
    month = this if request.GET.get("month") != "last" else Month.of(this.first - timedelta(days=1))
    rows, at = uncharged(by, month.first, number_in(request, "page") or 1)
    shown = [
        {"student_id": row.student_id, "name": row.student, "group": row.group, "reason": REASONS[row.reason]}
        for row in rows
    ]
    context = {"rows": shown, "page": at, "month": month.first, "is_last": month != this, "tab": "uncharged"}
    return render(request, "office/reports/uncharged.html", context)


@page("tuition.view")
def forecast(request: OfficeRequest) -> HttpResponse:
    by = request.by
    this, asked = Month.of(by.today), typed(request, "month", 7)
    chosen = this.next if asked == "next" else Month.of(month_of(asked, by.today))
    rows = [_expected(row) for row in expectations(by, chosen.first)]
    context = {
        "rows": rows, "month": chosen.first, "before": str(chosen.previous), "after": str(chosen.next),
        "is_this": chosen == this, "is_kept": chosen in {this, this.next}, "tab": "forecast",
    }  # fmt: skip
    return render(request, "office/reports/forecast.html", context)


@page("tuition.view")
def student_forecast(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    initial = {"since": by.today, "until": Month.of(by.today).next.last}
    asked = request.GET if {"since", "until"} <= request.GET.keys() else initial
    form = ForecastForm(asked)
    found = done(form, lambda **days: forecast_of(by, student_id, **days))
    context = {"student": student, "forecast": found, "rows": _foreseen(by, found) if found else []}
    return form_page(request, "office/reports/student_forecast.html", form, **context)


def _named(request: OfficeRequest) -> tuple[Student | None, Group | None]:
    """The student and the group that the address narrows the list to."""
    student_id, group_id = number_in(request, "student"), number_in(request, "group")
    return (
        get_student(request.by, student_id) if student_id else None,
        get_group(request.by, group_id) if group_id else None,
    )


def _period(request: OfficeRequest) -> tuple[date, date]:
    """The days asked for, at first the current month so far; turned round where they stand the wrong way."""
    today = request.by.today
    since, until = _day(request, "since") or today.replace(day=1), _day(request, "until") or today
    return (since, until) if since <= until else (until, since)


def _day(request: OfficeRequest, name: str) -> date | None:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def _lesson_of(row: Charged) -> int | None:
    key = row.charge_key.partition(":")[2].partition("@")[0]
    return int(key) if key.isdecimal() else None


def _what(row: Charged, lesson: Any) -> str:
    text = f"{lesson[0]}, {formats.clock(lesson[1])}" if lesson else words.charge_text(row.why)
    return _("Credit: %(what)s") % {"what": text} if row.amount.amount < 0 else text


def _expected(row: Expected) -> dict[str, Any]:
    return {
        "made_on": row.made_on, "charged": Money(row.charged, row.currency), "students": row.students,
        "to_come": Money(row.to_come, row.currency), "whole": Money(row.charged + row.to_come, row.currency),
    }  # fmt: skip


def _foreseen(by: Actor, found: Forecast) -> list[dict[str, Any]]:
    currency = found.total.currency
    lessons = lesson_names(by, {draft.lesson_id for draft in found.drafts if draft.lesson_id})
    rows = []
    for draft in found.drafts:
        lesson, why = lessons.get(draft.lesson_id or 0), rules.as_json(draft.why)
        what = f"{lesson[0]}, {formats.clock(lesson[1])}" if lesson else words.charge_text(why)
        why_said = words.why_text(why, currency)
        rows.append({"on": draft.on, "what": what, "amount": Money(draft.amount, currency), "why": why_said})
    return rows

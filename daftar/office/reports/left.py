"""Who left, in which way and why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from daftar.courses import queries
from daftar.courses.leaving_reasons import leaving_reasons
from daftar.courses.rules import Left
from daftar.lib.money import decimal_text
from daftar.lib.period import add_months
from daftar.office import words
from daftar.office.files import as_file
from daftar.office.forms import done, form_page, number_in, pick_field
from daftar.office.page import OfficeRequest, page
from daftar.office.reports.forms import PeriodForm
from daftar.office.reports.paid import this_month
from daftar.orgs.queries import teachers
from daftar.reports.left import NO_REASON, WantedLeft, left_page

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpResponse

    from daftar.orgs.access import Actor
    from daftar.reports.left import Leaving, LeftCounts

ANY = gettext_lazy("all")
KINDS = {Left.ACTIVE: gettext_lazy("Left an active group"), Left.TRIAL: gettext_lazy("Left after trial")}
NO_REASON_GIVEN = gettext_lazy("no reason given")
IN_MONTHS_FROM = 2


class LeftForm(PeriodForm):
    """Which leavings; what is not said is any."""

    kind = forms.TypedChoiceField(
        label=gettext_lazy("Kind"), choices=[("", ANY), *((kind.value, label) for kind, label in KINDS.items())],
        coerce=Left, required=False, empty_value=None,
    )  # fmt: skip

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [*queries.groups(by), *queries.groups(by, is_over=True)]
        rows: dict[str, tuple[Any, Any]] = {"group_id": (_("Group"), [(row.pk, row.name) for row in own])}
        if by.may("courses.see_all"):
            rows["course_id"] = (_("Course"), [(row.pk, row.name) for row in queries.courses(by)])
            rows["teacher_id"] = (_("Teacher"), [(row.pk, row.name) for row in teachers(by)])
        reasons = [(row.pk, row.name) for row in leaving_reasons(by)]
        rows["reason_id"] = (_("Reason of leaving"), [(NO_REASON, NO_REASON_GIVEN), *reasons])
        for name, (label, choices) in rows.items():
            self.fields[name] = pick_field(label, choices, none=ANY)
        for field in self.fields.values():
            field.needed = False  # type: ignore[attr-defined] # no mark beside the label: they are filters


@page("people.view")
def left(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = LeftForm(this_month(request) | request.GET.dict(), by=by)
    is_file = request.GET.get("format") == "csv"
    number = None if is_file else number_in(request, "page") or 1
    found = done(form, lambda **asked: left_page(by, WantedLeft(**asked), number=number))
    rows = [_row(by, row) for row in found[0]] if found else []
    if found and is_file:
        return as_file("left", [_heads(), *(_cells(row) for row in rows)])
    context = {
        "rows": rows, "page": found and found[1], "counts": _counts(found[2]) if found else None,
        "may_undo": by.may("tuition.pause"), "is_filtered": bool(request.GET), "tab": "left",
    }  # fmt: skip
    return form_page(request, "office/reports/left.html", form, **context)


def _row(by: Actor, row: Leaving) -> dict[str, Any]:
    return {
        "id": row.enrolment_id, "student_id": row.student_id, "name": row.name, "group_id": row.group_id,
        "group": row.group, "teacher": row.teacher, "kind": KINDS[row.kind], "is_active": row.kind is Left.ACTIVE,
        "last_on": row.last_on, "days": row.days, "stayed": stayed(row.joined_on, row.last_on, row.days),
        "reason": row.reason, "words": words.readable(by, row.words), "told_by": row.told_by, "balance": row.balance,
        "phone": row.phone,
    }  # fmt: skip


def stayed(joined_on: date, last_on: date, days: int) -> str:
    """How long somebody was a member: in whole months from two on, before that in days."""
    over = last_on + timedelta(days=1)
    months = (over.year - joined_on.year) * 12 + over.month - joined_on.month
    months -= add_months(joined_on, months) > over
    if months < IN_MONTHS_FROM:
        return ngettext("%(num)s day", "%(num)s days", days) % {"num": days}
    return ngettext("%(num)s month", "%(num)s months", months) % {"num": months}


def _counts(found: LeftCounts) -> dict[str, Any]:
    """As they stand above the list, each with what narrows the list to it."""
    return {
        "total": found.total, "kinds": [(kind.value, label, found.kinds[kind]) for kind, label in KINDS.items()],
        "reasons": [(row.id, row.name or NO_REASON_GIVEN, row.number) for row in found.reasons],
    }  # fmt: skip


def _heads() -> list[str]:
    return [
        _("Student"), _("Group"), _("Teacher"), _("Kind"), _("Last day"), _("Days as a member"), _("Reason of leaving"),
        _("In words"), _("Written down by"), _("Balance"), _("Currency"),
    ]  # fmt: skip


def _cells(row: dict[str, Any]) -> list[str]:
    money = ["", ""] if row["balance"] is None else [decimal_text(row["balance"]), row["balance"].currency]
    named = [row["name"], row["group"], row["teacher"], str(row["kind"]), row["last_on"].isoformat(), str(row["days"])]
    return [*named, row["reason"] or str(NO_REASON_GIVEN), row["words"], row["told_by"], *money]

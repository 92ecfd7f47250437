"""Pages on the books as a whole: closed up to a day, opened again, exported; and a student's statement of a period."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from typing import cast

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.bookkeeping.queries import journal
from daftar.bookkeeping.rules import Language, written
from daftar.finance import services
from daftar.ledger.queries import books as ask_books
from daftar.lib.money import Money
from daftar.lib.period import Month
from daftar.office import formats
from daftar.office.forms import done, form_page
from daftar.office.money.forms import CloseBooksForm, PeriodForm, ReopenBooksForm
from daftar.office.page import OfficeRequest, page
from daftar.office.statements import statement_rows
from daftar.orgs.queries import branches, get_branch, today_in
from daftar.people.queries import get_student
from daftar.reports.statements import period_statement

SUFFIXES = {Language.BEANCOUNT: "beancount", Language.HLEDGER: "journal"}
IN_MEMORY = 2_000_000


@page("finance.view", every_branch=True)
def books(request: OfficeRequest) -> HttpResponse:
    by = request.by
    rows = [
        {"branch_id": row.branch_id, "branch": row.branch.name, "closed_until": row.closed_until}
        for row in ask_books(by)
    ]
    programs = [language.value for language in Language] if by.branch_ids is None else []
    return render(request, "office/money/books.html", {"rows": rows, "programs": programs})


@page("finance.close_books", every_branch=True)
def books_close(request: OfficeRequest) -> HttpResponse:
    by, places = request.by, branches(request.by)
    last_month = Month.of(today_in(by, places[0])).previous.last
    form = CloseBooksForm(request.POST or None, branches=places, initial={"closed_until": last_month})
    everywhere = [place.pk for place in places]

    def close(branch_id: int | None, **values: object) -> object:
        return services.close_books(by, branch_ids=[branch_id] if branch_id else everywhere, **values)  # type: ignore[arg-type] # of the form

    if done(form, close):
        messages.success(request, _("The books are closed."))
        return redirect("office:books", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("Close the books"), submit_label=_("Close books"), cancel_url="../",
        crumbs=[(_("Books"), reverse("office:books", args=[by.org_slug]))],
        text=_("Nothing can be dated up to this day any more; corrections of what was are dated later."),
    )  # fmt: skip


@page("finance.reopen_books", every_branch=True)
def books_reopen(request: OfficeRequest, branch_id: int) -> HttpResponse:
    by, branch = request.by, get_branch(request.by.trusted(), branch_id)
    form = ReopenBooksForm(request.POST or None)
    if done(form, lambda **values: services.reopen_books(by, branch_id=branch_id, **values)):
        messages.success(request, _("The books are open again."))
        return redirect("office:books", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("Open the books of %(branch)s again") % {"branch": branch.name},
        submit_label=_("Open books"), cancel_url="../../",
        crumbs=[(_("Books"), reverse("office:books", args=[by.org_slug]))],
    )  # fmt: skip


@page("finance.export_ledger", every_branch=True)
def ledger_export(request: OfficeRequest) -> HttpResponse:
    """The journal as a file, written aside first: a large centre's does not fit into memory."""
    by = request.by
    language = Language.HLEDGER if request.GET.get("format") == Language.HLEDGER else Language.BEANCOUNT
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the answer that sends it
    try:
        for line in written(journal(by), language):
            file.write(line.encode())
    except BaseException:
        file.close()  # nobody will send it
        raise
    file.seek(0)
    name = f"{by.org_slug}-{by.today}.{SUFFIXES[language]}"
    sent = FileResponse(file, as_attachment=True, filename=name, content_type="text/plain; charset=utf-8")
    return cast("HttpResponse", sent)


@page("tuition.view")
def student_statement(request: OfficeRequest, student_id: int) -> HttpResponse:
    """What moved a balance in a period, for the screen and for paper."""
    by, student = request.by, get_student(request.by, student_id)
    today = today_in(by, student.branch)
    usual = {"since": today.replace(day=1), "until": today}
    form = PeriodForm(request.GET if {"since", "until"} & request.GET.keys() else None, initial=usual)
    days = form.cleaned_data if form.is_bound and form.is_valid() else usual
    if days["until"] < days["since"]:
        form.add_error("until", _("The last day is before the first."))
        days = usual
    found = period_statement(by, student_id, **days)
    currency = found.currency
    shown = {
        "student": {"id": student.pk, "name": student.full_name}, "branch": student.branch, **days,
        "before": days["since"] - timedelta(days=1),
        "lines": statement_rows(by, found.lines, currency),
        "incoming": Money(found.incoming, currency), "outgoing": Money(found.outgoing, currency),
        "raised": Money(found.raised, currency), "lowered": Money(found.lowered, currency),
    }  # fmt: skip
    title = f"{formats.day(days['since'])} – {formats.day(days['until'])}"
    return form_page(request, "office/money/statement.html", form, period=title, **shown)

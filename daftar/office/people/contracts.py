"""Pages on the contracts of a student."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.contracts import queries, services
from daftar.contracts.services import ContractTerms
from daftar.lib.money import Money
from daftar.lib.period import inclusive_end
from daftar.office import words
from daftar.office.forms import UndoForm, done, form_page, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page
from daftar.office.people.forms import ContractForm
from daftar.people.queries import get_student

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.contracts.models import Contract
    from daftar.orgs.access import Actor
    from daftar.people.models import Student

TERMS = ("starts_on", "lesson_type", "visits", "amount", "due_on", "number", "note")


@page("contracts.edit")
def contract_new(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    form = _form(request, student, {"starts_on": by.today})
    if not _counts(request) and (
        row := done(
            form, lambda **terms: services.add_contract(by, student_id=student_id, terms=ContractTerms(**terms))
        )
    ):
        tell(request, _("Contract No %(number)s is written.") % {"number": row.branch_number}, undo=_delete(by, row))
        return redirect("office:student", by.org_slug, student_id)
    title = _("A contract with %(name)s") % {"name": student.full_name}
    return _page(request, student, form, title=title, submit_label=_("Write contract"))


@page("contracts.edit")
def contract_edit(request: OfficeRequest, contract_id: int) -> HttpResponse:
    by, row = request.by, queries.get_contract(request.by, contract_id)
    known = {name: getattr(row, name) for name in TERMS} | {"last_on": inclusive_end(row.ends_on)}
    kept: dict[str, Any] = {}
    form = _form(request, row.student, known)
    if words.readable(by, row.note) != row.note:  # not theirs to read, so it stays as it is
        kept = {"note": row.note}
        del form.fields["note"]
    if not _counts(request) and (
        edited := done(
            form,
            lambda **terms: services.edit_contract(by, contract_id=contract_id, terms=ContractTerms(**terms, **kept)),
        )
    ):
        tell(request, _("Saved."))
        return redirect("office:student", by.org_slug, edited.student_id)
    told = {"number": row.branch_number, "name": row.student.full_name}
    title = _("Contract No %(number)s with %(name)s") % told
    return _page(request, row.student, form, title=title, submit_label=_("Save"), delete=_delete(by, row))


@page("contracts.edit")
def contract_delete(request: OfficeRequest, contract_id: int) -> HttpResponse:
    by, row = request.by, queries.get_contract(request.by, contract_id)
    form, told = UndoForm(request.POST or None), {"number": row.branch_number, "name": row.student.full_name}
    home = reverse("office:student", args=[by.org_slug, row.student_id])
    if done(form, lambda: services.delete_contract(by, contract_id=contract_id)):
        back = reverse("office:contract-restore", args=[by.org_slug, contract_id])
        tell(request, _("Contract No %(number)s with %(name)s is deleted.") % told, undo=back)
        return undone(request, home)
    return form_page(
        request, "office/form.html", form, title=_("Delete contract No %(number)s with %(name)s?") % told,
        text=_("It leaves all lists and sums. Its number is not given to another contract."),
        submit_label=_("Delete contract"), cancel_url=home,
    )  # fmt: skip


@page("contracts.edit")
def contract_restore(request: OfficeRequest, contract_id: int) -> HttpResponse:
    by, row = request.by, queries.get_contract(request.by, contract_id)
    form, told = UndoForm(request.POST or None), {"number": row.branch_number, "name": row.student.full_name}
    home = reverse("office:student", args=[by.org_slug, row.student_id])
    if done(form, lambda: services.restore_contract(by, contract_id=contract_id)):
        tell(request, _("Contract No %(number)s with %(name)s is back.") % told)
        return undone(request, home)
    return undo_page(request, form, _("Bring contract No %(number)s with %(name)s back?") % told, home)


def contracts_said(by: Actor, student_id: int) -> dict[str, Any]:
    """The contracts of a student's card, with what they come to and what is left to pay by them."""
    found = queries.contracts_of(by, student_id)
    rows = [
        {
            "id": row.pk, "branch_number": row.branch_number, "number": row.number, "starts_on": row.starts_on,
            "last_on": inclusive_end(row.ends_on), "visits": row.visits, "due_on": row.due_on,
            "amount": Money(row.amount, row.branch.currency),
        }
        for row in found.rows
    ]  # fmt: skip
    return {"rows": rows, "sums": found.sums}


def _counts(request: OfficeRequest) -> bool:
    return request.method == "POST" and "count" in request.POST


def _form(request: OfficeRequest, student: Student, initial: dict[str, Any]) -> ContractForm:
    """The form as it was sent; where it was sent to be counted, with the visits and the sum filled in."""
    by = request.by
    built: dict[str, Any] = {"currency": student.branch.currency, "lesson_types": queries.lesson_types(by)}
    form = ContractForm(request.POST or None, initial=initial, **built)
    if not _counts(request):
        return form
    form.is_valid()
    days = {"starts_on", "last_on"}
    values = {name: form.cleaned_data.get(name) for name in (*days, "lesson_type")}
    if values["starts_on"] and values["last_on"] and values["last_on"] < values["starts_on"]:
        form.add_error("last_on", services.ContractEndsBeforeStart.text)
    if days & form.errors.keys():
        for name in form.errors.keys() - days:  # what is missing elsewhere was not asked for yet
            del form.errors[name]
        return form
    found = queries.counted(by, student.pk, **values | {"lesson_type": values["lesson_type"] or ""})
    filled = {"visits": found.visits or "", "amount": max(0, found.total.amount)}
    return ContractForm(None, initial={**request.POST.dict(), **filled}, **built)


def _page(request: OfficeRequest, student: Student, form: ContractForm, **context: Any) -> HttpResponse:
    home = reverse("office:student", args=[request.by.org_slug, student.pk])
    return form_page(
        request, "office/people/contract_form.html", form, crumbs=[(student.full_name, home)], cancel_url=home,
        is_counted=_counts(request) and not form.is_bound, **{"delete": "", **context},
    )  # fmt: skip


def _delete(by: Actor, row: Contract) -> str:
    return reverse("office:contract-delete", args=[by.org_slug, row.pk])

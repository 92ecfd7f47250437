"""Pages on how the centre and its branches charge, each decision with an example priced by the rules."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.attendance import reasons as absence
from daftar.attendance.queries import reasons as absence_reasons
from daftar.office.forms import done, form_page, tell
from daftar.office.page import OfficeRequest, page
from daftar.office.previews import filled
from daftar.office.questions import QUESTIONS
from daftar.office.settings import examples
from daftar.office.settings.charging_forms import ChargingForm, ReasonForm, written
from daftar.office.settings.examples import LIVE, Chosen
from daftar.office.settings.fixed_rules import fixed_rules
from daftar.orgs import charging as orgs
from daftar.orgs.queries import branches, get_branch, organization

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.orgs.access import Actor
    from daftar.orgs.models import Branch, Organization

NAMES = (*QUESTIONS, "rounding_step")


@page("orgs.manage", every_branch=True)
def charging(request: OfficeRequest) -> HttpResponse:
    by, org = request.by, organization(request.by)
    form = _form(request, org, org.currency)
    if request.method == "POST" and done(form, lambda **values: orgs.change_charging(by, **values) or True):
        tell(request, _("Saved. Charges are put right in the background."))
        return redirect("office:charging", by.org_slug)
    chosen = _chosen(form, org, org.currency)
    return form_page(
        request, "office/settings/charging.html", form, title=_("Charging"), examples=_examples(chosen),
        branches=[_branch(row) for row in branches(by)], fixed=fixed_rules(chosen), absence=examples.absences(chosen),
        crumbs=[(_("Settings"), reverse("office:settings", args=[by.org_slug]))],
        cancel_url=reverse("office:settings", args=[by.org_slug]),
    )  # fmt: skip


@page("orgs.manage")
def charging_branch(request: OfficeRequest, branch_id: int) -> HttpResponse:
    by, row = request.by, get_branch(request.by, branch_id)
    form, home = _form(request, row, row.currency), reverse("office:charging", args=[request.by.org_slug])
    decide = partial(orgs.change_branch_charging, by, branch_id=branch_id)
    if request.method == "POST" and (_decided := done(form, decide)):
        tell(request, _("Saved. Charges are put right in the background."))
        return redirect(home)
    chosen = _chosen(form, organization(by), row.currency)
    return form_page(
        request, "office/settings/charging.html", form, title=_("Charging in %(branch)s") % {"branch": row.name},
        examples=_examples(chosen), branches=[], fixed=[], crumbs=[(_("Charging"), home)], cancel_url=home,
    )  # fmt: skip


@page("attendance.manage")
def reasons(request: OfficeRequest) -> HttpResponse:
    rows = [
        {
            "id": row.pk, "name": row.name, "place": row.place,
            "effects": [
                _("charged") if row.charges else _("free of charge"),
                _("the teacher is paid") if row.pays_teacher else _("the teacher is not paid"),
                *([_("a make-up lesson is due")] if row.gives_credit else []),
            ],
        }
        for row in absence_reasons(request.by)
    ]  # fmt: skip
    return render(request, "office/settings/reasons.html", {"rows": rows})


@page("attendance.manage")
def reason_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    initial = {"charges": True, "pays_teacher": True, "credit_days": 30, "place": len(absence_reasons(by)) + 1}
    form = ReasonForm(filled(request), initial=initial)
    if request.method == "POST" and (added := done(form, partial(absence.add_reason, by))):
        tell(request, _("The reason %(name)s is added.") % {"name": added.name})
        return redirect("office:reasons", by.org_slug)
    return form_page(
        request, "office/settings/reason.html", form, title=_("New reason of absence"), submit_label=_("Add reason"),
        cancel_url="../", example=_example_of(by, form),
    )  # fmt: skip


@page("attendance.manage")
def reason_edit(request: OfficeRequest, reason_id: int) -> HttpResponse:
    by, row = request.by, absence.get_reason(request.by, reason_id)
    names = ("name", "charges", "pays_teacher", "gives_credit", "credit_days", "place")
    form = ReasonForm(filled(request), initial={name: getattr(row, name) for name in names})
    if request.method == "POST" and (_edited := done(form, partial(absence.edit_reason, by, reason_id=reason_id))):
        tell(request, _("Saved."))
        return redirect("office:reasons", by.org_slug)
    return form_page(
        request, "office/settings/reason.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../",
        example=_example_of(by, form),
        text=_("Where it begins or ceases to be charged, past absences are recounted in the background."),
    )  # fmt: skip


def _example_of(by: Actor, form: ReasonForm) -> str:
    """What a missed lesson costs by the flags that the form shows now."""
    org = organization(by.trusted())
    charges = form["charges"].value()  # of what is typed too, and the wrong beside it does not matter
    return examples.absence(_as_centre(org, org.currency), charges=bool(charges))


def _as_centre(org: Organization, currency: str) -> Chosen:
    return Chosen(currency, **{name: getattr(org, name) for name in NAMES}, sibling_percent=org.sibling_percent)


def _form(request: OfficeRequest, row: Organization | Branch, currency: str) -> ChargingForm:
    initial = {name: written(getattr(row, name)) for name in NAMES}
    is_branch = not hasattr(row, "sibling_percent")
    if not is_branch:
        initial["sibling_percent"] = row.sibling_percent  # type: ignore[union-attr] # just asked
    return ChargingForm(
        filled(request), initial=initial, currency=currency, is_branch=is_branch, stored=row.rounding_step
    )


def _chosen(form: ChargingForm, org: Organization, currency: str) -> Chosen:
    """What the form says now; what it leaves open, or says wrong, is as the centre has it."""
    form.is_valid()
    said = {name: {"yes": True, "no": False}.get(value, value) for name, value in form.chosen.items()}
    decided = {name: getattr(org, name) for name in NAMES} | {"sibling_percent": org.sibling_percent}
    kept = {name: value for name, value in said.items() if name in decided and value not in ("", None)}
    percent = said.get("sibling_percent") if not form.is_branch else None
    in_range = percent is not None and 0 < percent <= 100  # noqa: PLR2004 - percent
    return Chosen(currency=currency, **decided | kept | {"sibling_percent": percent if in_range else None})


def _examples(chosen: Chosen) -> dict[str, str]:
    return {name: tell_(chosen) for name, tell_ in LIVE.items()}


def _branch(row: Branch) -> dict[str, Any]:
    own = [name for name in NAMES if getattr(row, name) not in ("", None)]
    return {"id": row.pk, "name": row.name, "own": len(own)}

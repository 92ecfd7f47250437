"""Pages on pauses, the weekdays and the end of memberships, each with the money before it moves."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.courses.leaving_reasons import leaving_reasons
from daftar.courses.queries import enrolments_of, get_enrolment, get_group, groups, roster, schedules
from daftar.courses.rules import EVERY_DAY
from daftar.office.forms import UndoForm, done, number_in, tell, typed, undo_page, undone
from daftar.office.page import OfficeRequest, page
from daftar.office.places import full_if_chosen
from daftar.office.previews import filled, membership_home, priced_page, priced_undo, prices_tab, undo_address
from daftar.office.terms import last_of, pause_said
from daftar.office.tuition.forms import (
    AgainForm,
    LeaveForm,
    PauseChangeForm,
    PauseForm,
    ReturnForm,
    TransferForm,
    WeekdaysForm,
)
from daftar.orgs.queries import tuition_settings
from daftar.people.queries import get_student
from daftar.tuition import leaving, lists, pauses, several
from daftar.tuition.credits import is_credited, keeps_unserved
from daftar.tuition.weekdays import choose_weekdays

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpResponse

    from daftar.courses.models import Enrolment


@page("tuition.pause")
def student_pause(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    mine = {row.group_id: row.group.name for row in enrolments_of(by, student_id) if not _is_over(row, by.today)}
    keeps = keeps_unserved(student.branch)
    form = PauseForm(
        filled(request), initial=_begins(request, student.branch) | {"group_id": number_in(request, "from_group")},
        groups=sorted(mine.items()), keeps=keeps,
    )  # fmt: skip
    return priced_page(
        request, form, [student_id], partial(pauses.suspend, by, student_ids=[student_id]),
        title=_("Pause %(name)s") % {"name": student.full_name}, submit_label=_("Pause"),
        crumbs=[(student.full_name, prices_tab(request, student_id))],
        back=membership_home(request, prices_tab(request, student_id)),
        told=_("%(name)s pauses.") % {"name": student.full_name},
        undo=lambda rows: reverse("office:suspension-remove", args=[by.org_slug, rows[0].pk]),
    )  # fmt: skip


@page("tuition.pause")
def group_pause(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, group = request.by, get_group(request.by, group_id)
    members = [row for row in roster(by, group_id) if row.activated_on and not _is_over(row, by.today)]
    form = PauseForm(filled(request), initial=_begins(request, group.branch), keeps=keeps_unserved(group.branch))
    home = reverse("office:group", args=[by.org_slug, group_id])
    return priced_page(
        request, form, sorted({row.student_id for row in members}),
        partial(several.pause_group, by, group_id=group_id, enrolment_ids=[row.pk for row in members]),
        title=_("Pause the whole group %(group)s") % {"group": group.name}, submit_label=_("Pause"),
        crumbs=[(group.name, home)], back=home, told=_("The group pauses."),
        undo=partial(undo_address, by),
    )  # fmt: skip


@page("tuition.pause")
def suspension_edit(request: OfficeRequest, suspension_id: int) -> HttpResponse:
    by, row = request.by, lists.get_suspension(request.by, suspension_id)
    initial = {"starts_on": row.starts_on, "last_on": last_of(row), "reason": row.reason, "extends": row.extends}
    initial["gives_credit"] = is_credited(by, row)
    form = PauseChangeForm(filled(request), initial=initial, keeps=keeps_unserved(row.student.branch))
    return priced_page(
        request, form, [row.student_id], partial(pauses.change_suspension, by, suspension_id=suspension_id),
        title=_("Pause of %(name)s") % {"name": row.student.full_name}, submit_label=_("Save"),
        crumbs=[(row.student.full_name, prices_tab(request, row.student_id))], back=prices_tab(request, row.student_id),
        told=_("Saved."), take_back_url=reverse("office:suspension-remove", args=[by.org_slug, suspension_id]),
    )  # fmt: skip


@page("tuition.pause")
def suspension_remove(request: OfficeRequest, suspension_id: int) -> HttpResponse:
    by, row = request.by, lists.get_suspension(request.by, suspension_id)
    name = row.student.full_name
    return priced_undo(
        request, [row.student_id], partial(pauses.remove_suspension, by, suspension_id=suspension_id),
        title=_("Take the pause of %(name)s back?") % {"name": name},
        told=_("The pause of %(name)s is taken back.") % {"name": name},
        home=prices_tab(request, row.student_id), name=name,
    )  # fmt: skip


@page("tuition.view")
def suspensions(request: OfficeRequest) -> HttpResponse:
    by, state, q = request.by, request.GET.get("state", ""), typed(request, "q")
    rows, at = lists.suspensions_page(by, state=state, q=q, number=number_in(request, "page") or 1)
    shown = [
        {
            "id": row.pk, "student_id": row.student_id, "name": row.student.full_name,
            "group": row.group.name if row.group else "",
        } | pause_said(row, by.today)
        for row in rows
    ]  # fmt: skip
    return render(request, "office/tuition/suspensions.html", {"rows": shown, "page": at, "state": state, "q": q})


@page("tuition.pause")
def enrolment_leave(request: OfficeRequest, enrolment_id: int) -> HttpResponse:
    by, row = request.by, get_enrolment(request.by, enrolment_id)
    initial, keeps = {"last_on": max(by.today, row.starts_on)}, keeps_unserved(row.student.branch)
    form = LeaveForm(filled(request), initial=initial, keeps=keeps, reasons=leaving_reasons(by))
    return _about(
        request, row, form, partial(leaving.leave_group, by, enrolment_id=enrolment_id),
        title=_("%(name)s leaves %(group)s"), submit_label=_("End the membership"),
        told=_("%(name)s leaves %(group)s."),
        undo=lambda left: reverse("office:enrolment-undo-leaving", args=[by.org_slug, left.pk]),
    )  # fmt: skip


@page("tuition.pause")
def enrolment_undo_leaving(request: OfficeRequest, enrolment_id: int) -> HttpResponse:
    by, row = request.by, get_enrolment(request.by, enrolment_id)
    form = UndoForm(request.POST or None)
    told = {"name": row.student.full_name, "group": row.group.name}
    home = prices_tab(request, row.student_id)
    if done(form, lambda: leaving.undo_leaving(by, enrolment_id=enrolment_id)):
        tell(request, _("%(name)s stays in %(group)s.") % told)
        return undone(request, home)
    return undo_page(request, form, _("Does %(name)s stay in %(group)s after all?") % told, home)


@page("tuition.pause")
def enrolment_transfer(request: OfficeRequest, enrolment_id: int) -> HttpResponse:
    by, row = request.by, get_enrolment(request.by, enrolment_id)
    others = groups(by).filter(branch_id=row.student.branch_id).exclude(pk=row.group_id)
    last = max(by.today, row.starts_on)
    initial, keeps = {"last_on": last, "starts_on": last}, keeps_unserved(row.student.branch)
    form = TransferForm(filled(request), initial=initial, groups=others, keeps=keeps)
    full = full_if_chosen(by, form, others)
    return _about(
        request, row, form, partial(several.transfer_one, by, enrolment_id=enrolment_id),
        title=_("Move %(name)s out of %(group)s"), submit_label=_("Move"), told=_("%(name)s has left %(group)s."),
        undo=partial(undo_address, by), full=full and full | {"student_id": row.student_id},
    )  # fmt: skip


@page("tuition.pause")
def enrolment_end_pause(request: OfficeRequest, enrolment_id: int) -> HttpResponse:
    by, row = request.by, get_enrolment(request.by, enrolment_id)
    form = AgainForm(filled(request), initial={"from_on": max(by.today, row.starts_on)})
    return _about(
        request, row, form, partial(several.end_pause_of_one, by, enrolment_id=enrolment_id),
        title=_("%(name)s comes to %(group)s again"), submit_label=_("End the pause"),
        text=_("A pause in all groups ends in all of them."),
        told=_("%(name)s comes to %(group)s again."), undo=partial(undo_address, by),
    )  # fmt: skip


@page("tuition.pause")
def enrolment_trial(request: OfficeRequest, enrolment_id: int) -> HttpResponse:
    by, row = request.by, get_enrolment(request.by, enrolment_id)
    initial, keeps = {"from_on": max(by.today, row.starts_on)}, keeps_unserved(row.student.branch)
    form = ReturnForm(filled(request), initial=initial, keeps=keeps)
    return _about(
        request, row, form, partial(several.return_one, by, enrolment_id=enrolment_id),
        title=_("%(name)s back to trial in %(group)s"), submit_label=_("Back to trial"),
        told=_("%(name)s is on trial in %(group)s."), undo=partial(undo_address, by),
    )  # fmt: skip


@page("tuition.pause")
def enrolment_weekdays(request: OfficeRequest, enrolment_id: int) -> HttpResponse:
    by, row = request.by, get_enrolment(request.by, enrolment_id)
    plan = schedules(by, [row.group_id])[row.group_id]
    weekdays = sorted({*plan.weekdays, *(day for day, _at in plan.extra)}) or EVERY_DAY
    initial = {"comes_on": [day for day in weekdays if day not in row.off], "from_on": max(by.today, row.starts_on)}
    form = WeekdaysForm(filled(request), initial=initial, weekdays=weekdays)

    def undo(_row: Enrolment) -> str:
        since, before = f"{form.cleaned_data['from_on']:%Y%m%d}", "".join(map(str, row.off)) or "0"
        return reverse("office:enrolment-weekdays-undo", args=[by.org_slug, enrolment_id, since, before])

    return _about(
        request, row, form, partial(choose_weekdays, by, enrolment_id=enrolment_id),
        title=_("Weekdays of %(name)s in %(group)s"), submit_label=_("Save"), undo=undo,
        text=_("On the other days of the group nobody expects the student, and nothing is charged or counted."),
        told=_("The weekdays of %(name)s in %(group)s are changed."),
    )  # fmt: skip


@page("tuition.pause")
def enrolment_weekdays_undo(request: OfficeRequest, enrolment_id: int, since: int, off: int) -> HttpResponse:
    """`since` is a day as YYYYMMDD, `off` the ISO weekdays that were off before, one digit each (0: none)."""
    by, row = request.by, get_enrolment(request.by, enrolment_id)
    form, names = UndoForm(request.POST or None), {"name": row.student.full_name, "group": row.group.name}
    try:
        from_on = datetime.strptime(str(since), "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise Http404 from None
    before = {int(digit) for digit in str(off)}.intersection(EVERY_DAY)
    deed = partial(choose_weekdays, by, enrolment_id=enrolment_id, weekdays_off=before, from_on=from_on)
    home = prices_tab(request, row.student_id)
    if done(form, deed):
        tell(request, _("The weekdays of %(name)s in %(group)s are as before.") % names)
        return undone(request, home)
    return undo_page(request, form, _("Weekdays of %(name)s in %(group)s as before?") % names, home)


def _about(request: OfficeRequest, row: Enrolment, form: Any, deed: Any, **context: Any) -> HttpResponse:
    """A page about one membership; titles and what is told name the student and the group."""
    names = {"name": row.student.full_name, "group": row.group.name}
    context |= {"title": context["title"] % names, "told": context["told"] % names}
    crumbs = [(row.student.full_name, prices_tab(request, row.student_id))]
    home = membership_home(request, prices_tab(request, row.student_id))
    return priced_page(request, form, [row.student_id], deed, crumbs=crumbs, back=home, **context)


def _begins(request: OfficeRequest, branch: Any) -> dict[str, Any]:
    extends = tuition_settings(branch).suspensions_extend
    return {"starts_on": request.by.today, "extends": extends}


def _is_over(row: Enrolment, today: date) -> bool:
    return row.ends_on is not None and row.ends_on <= today

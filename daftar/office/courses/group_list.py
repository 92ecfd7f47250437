"""Groups as a list: filters stand in the address, which may be kept under a name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.courses import queries
from daftar.courses.queries import WantedGroups
from daftar.lib.paging import paged
from daftar.office import words
from daftar.office.files import as_file
from daftar.office.forms import (
    UndoForm,
    day_field,
    done,
    form_page,
    number_in,
    pick_field,
    tell,
    typed,
    undo_page,
    undone,
)
from daftar.office.page import OfficeRequest, page
from daftar.orgs import kept
from daftar.orgs.queries import teachers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse

    from daftar.courses.models import Group
    from daftar.orgs.access import Actor

ANY = gettext_lazy("all")
MOST_IN_FILE = 20_000
# What stands in the address and is no filter.
NO_FILTERS = ("page", "file", "branch")


class GroupsForm(forms.Form):
    """Which groups are shown."""

    since = day_field(gettext_lazy("Runs from"), required=False)
    until = day_field(gettext_lazy("Runs to"), required=False)

    field_order = ("teacher_id", "course_id", "since", "until", "weekdays")

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by.may("courses.see_all"):
            for name, label, rows in (
                ("teacher_id", _("Teacher"), teachers(by)), ("course_id", _("Course"), queries.courses(by)),
            ):  # fmt: skip
                self.fields[name] = pick_field(label, [(row.pk, row.name) for row in rows], none=ANY)
        self.fields["weekdays"] = forms.TypedMultipleChoiceField(
            label=_("Weekdays"), choices=list(enumerate(words.WEEKDAYS, 1)), coerce=int, required=False,
            widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip
        for field in self.fields.values():
            field.needed = True  # type: ignore[attr-defined] # a filter is not marked as optional
        self.order_fields(self.field_order)


class ViewForm(forms.Form):
    """What a view is called."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)


@page("courses.view")
def groups(request: OfficeRequest) -> HttpResponse:
    by, q = request.by, typed(request, "q")
    state = "ended" if request.GET.get("state") == "ended" else "current"
    form = GroupsForm(request.GET, by=by)
    found = queries.groups(by, q=q, is_over=state == "ended", wanted=_wanted(form))
    if "file" in request.GET:
        return _file(by, list(found[:MOST_IN_FILE]))
    rows, at = paged(found, number_in(request, "page") or 1)
    said = [(name, value) for name in form.fields for value in request.GET.getlist(name) if value]
    context = {
        "rows": _shown(by, rows), "page": at, "q": q, "state": state, "form": form, "said": said,
        "views": kept.kept_views(by, "groups"), "address": _address(request), "is_filtered": bool(said),
    }  # fmt: skip
    return render(request, "office/courses/groups.html", context, status=422 if form.errors else 200)


@page("courses.view")
def group_view_keep(request: OfficeRequest) -> HttpResponse:
    """Keeps the filters that the address names under a name."""
    by, address = request.by, _address(request)
    form, home = ViewForm(request.POST or None), reverse("office:groups", args=[by.org_slug])
    if row := done(form, lambda name: kept.keep_view(by, of="groups", name=name, address=address)):
        tell(request, _("The view %(name)s is kept.") % {"name": row.name})
        return redirect(f"{home}?{row.address}")
    return form_page(
        request, "office/form.html", form, title=_("Keep this view"), submit_label=_("Keep"),
        cancel_url=f"{home}?{address}", text=_("It stands above the list of groups, for you alone."),
    )  # fmt: skip


@page("courses.view")
def group_view_drop(request: OfficeRequest) -> HttpResponse:
    """Forgets the view named in the address."""
    by, name = request.by, request.GET.get("name", "")[:60]
    form, home = UndoForm(request.POST or None), reverse("office:groups", args=[by.org_slug])
    # An answer is a list: one that was gone already has no address.
    if found := done(form, lambda: [kept.drop_view(by, of="groups", name=name)]):
        tell(request, _("The view %(name)s is forgotten; its filters are still shown.") % {"name": name})
        return undone(request, f"{home}?{found[0]}")
    return undo_page(request, form, _("Forget the view %(name)s?") % {"name": name}, home)


def _wanted(form: GroupsForm) -> WantedGroups:
    """What the form says; what is wrong in it is as if it were not said."""
    form.is_valid()
    said = {name: value for name, value in form.cleaned_data.items() if value}
    return WantedGroups(**said | {"weekdays": tuple(said.get("weekdays", ()))})


def _address(request: OfficeRequest) -> str:
    """The filters as they stand in the address, without the page of the list."""
    asked = request.GET.copy()
    for name in NO_FILTERS:
        asked.pop(name, None)
    return asked.urlencode()[:1000]


def _shown(by: Actor, rows: Sequence[Group]) -> list[dict[str, Any]]:
    ids = [row.pk for row in rows]
    sizes, plans = queries.sizes(by, ids), queries.schedules(by, ids)
    return [
        {
            "id": row.pk, "name": row.name, "course": row.course.name, "schedule": words.schedule_text(plans[row.pk]),
            "teacher": row.teacher.name if row.teacher else "", "room": row.room.name if row.room else "",
            "students": sizes[row.pk], "capacity": row.capacity, "starts_on": row.starts_on,
            "last_day": row.ends_on - timedelta(days=1),
        }
        for row in rows
    ]  # fmt: skip


def _file(by: Actor, rows: Sequence[Group]) -> HttpResponse:
    head = [
        _("Group"), _("Course"), _("Teacher"), _("When"), _("Room"), _("Starts"), _("Last day"), _("Students"),
        _("Places"),
    ]  # fmt: skip
    lines = [
        [
            row["name"], row["course"], row["teacher"], row["schedule"], row["room"], row["starts_on"].isoformat(),
            row["last_day"].isoformat(), str(row["students"]), str(row["capacity"] or ""),
        ]
        for row in _shown(by, rows)
    ]  # fmt: skip
    return as_file("groups", [head, *lines])

"""Pages on the regular lessons of a group: its days, and what is held every week beside them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.courses import queries, regular
from daftar.courses.services import students_of
from daftar.office import formats
from daftar.office.courses.forms import ASKED, GroupLastDayForm, GroupRegularForm
from daftar.office.lesson_words import regular_rows
from daftar.office.page import OfficeRequest, page
from daftar.office.previews import filled, priced_page, priced_undo
from daftar.office.words import WEEKDAYS
from daftar.orgs.queries import teachers

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.courses.models import Group
    from daftar.orgs.access import Actor


@page("courses.view")
def group_regular(request: OfficeRequest, group_id: int) -> HttpResponse:
    """Every weekly lesson of a group, those of its days among them."""
    by, row = request.by, queries.get_group(request.by, group_id)
    rows = regular_rows(regular.regular_lessons_of(by, row.pk))
    return render(request, "office/courses/group_regular.html", {"group": row, "rows": rows})


@page("courses.edit")
def group_regular_new(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, queries.get_group(request.by, group_id)
    asked = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    form = GroupRegularForm(
        filled(request), initial={"starts_on": max(by.today, row.starts_on)} | asked,
        types=queries.own_lesson_types(by), teachers=teachers(by),
        rooms=[room for room in queries.rooms(by) if room.branch_id == row.branch_id],
    )  # fmt: skip
    return priced_page(
        request, form, students_of(by, row.pk), partial(regular.add_regular_lessons, by, group_id=group_id),
        title=_("New regular lessons, %(group)s") % {"group": row.name}, submit_label=_("Plan"), back=_home(by, row),
        crumbs=[(row.name, _home(by, row))], told=_("The regular lessons are planned."),
        text=_("They are held every week beside the days of the group, which stay as they are."),
        undo=lambda _added: reverse("office:group-regular-undo", args=[by.org_slug, group_id]),
    )  # fmt: skip


@page("courses.edit")
def group_regular_last_day(request: OfficeRequest, regular_id: int) -> HttpResponse:
    by, row = request.by, regular.get_regular_lesson_of_group(request.by, regular_id)
    group = queries.get_group(by, row.group_id or 0)
    form = GroupLastDayForm(filled(request), initial={"last_on": row.last_on})
    when = f"{WEEKDAYS[row.weekday - 1]} {formats.clock(row.starts_time)}"
    return priced_page(
        request, form, students_of(by, group.pk), partial(regular.set_last_regular_day, by, recurrence_id=row.pk),
        title=_("Last day of the regular lessons of %(name)s") % {"name": f"{group.name}, {when}"},
        submit_label=_("Save"), back=_home(by, group), crumbs=[(group.name, _home(by, group))],
        told=_("The last day of the regular lessons is changed."),
        text=_(
            "An earlier day takes the planned lessons after it away; those that were held or moved by hand stay. "
            "Up to a later day they go on as they are."
        ),
        undo=lambda _row: reverse("office:group-regular-undo", args=[by.org_slug, group.pk]),
    )  # fmt: skip


@page("courses.edit")
def group_regular_undo(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, queries.get_group(request.by, group_id)
    return priced_undo(
        request, students_of(by, row.pk), partial(regular.undo_regular_lessons, by, group_id=group_id),
        title=_("Take back what you did last to the regular lessons of %(group)s?") % {"group": row.name},
        told=_("The regular lessons are as before."), home=_home(by, row), name=row.name,
    )  # fmt: skip


def _home(by: Actor, row: Group) -> str:
    return reverse("office:group-regular", args=[by.org_slug, row.pk])

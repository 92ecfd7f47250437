"""Pages on the types of lessons."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from daftar.courses import catalogue, queries
from daftar.courses.kinds import LessonKind
from daftar.office.courses.forms import KINDS, LessonTypeForm
from daftar.office.forms import UndoForm, done, form_page, tell, undo_page, undone
from daftar.office.lesson_words import PLAIN
from daftar.office.page import OfficeRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.courses.models import LessonType


@page("courses.see_all")
def lesson_types(request: OfficeRequest) -> HttpResponse:
    own = [_shown(row) for row in queries.own_lesson_types(request.by)]
    kinds = [
        {"name": kind.label, "says": KINDS[kind], "icon": PLAIN[kind][0], "colour": PLAIN[kind][1]}
        for kind in LessonKind
    ]
    context = {
        "kinds": kinds, "rows": [row for row in own if not row["is_archived"]],
        "archived": [row for row in own if row["is_archived"]],
    }  # fmt: skip
    return render(request, "office/courses/lesson_types.html", context)


@page("courses.edit")
def lesson_type_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = LessonTypeForm(request.POST or None, initial={"kind": LessonKind.GROUP})
    if added := done(form, lambda **values: catalogue.add_lesson_type(by, **values)):
        messages.success(request, _("The type %(name)s is added.") % {"name": added.name})
        return redirect("office:lesson-types", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("New type of lesson"), submit_label=_("Add type"), cancel_url="../",
        text=_("Tariffs and discounts can be for some types of lessons only."),
    )  # fmt: skip


@page("courses.edit")
def lesson_type_edit(request: OfficeRequest, lesson_type_id: int) -> HttpResponse:
    by, row = request.by, queries.get_lesson_type(request.by.trusted(), lesson_type_id)
    initial = {name: getattr(row, name) for name in ("name", "kind", "icon", "colour", "minutes")}
    form = LessonTypeForm(request.POST or None, initial=initial)
    if done(form, partial(catalogue.edit_lesson_type, by, type_id=lesson_type_id)):
        messages.success(request, _("Saved."))
        return redirect("office:lesson-types", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../",
        crumbs=[(_("Types of lessons"), reverse("office:lesson-types", args=[by.org_slug]))],
    )  # fmt: skip


@page("courses.edit")
def lesson_type_archive(request: OfficeRequest, lesson_type_id: int) -> HttpResponse:
    by, row = request.by, queries.get_lesson_type(request.by.trusted(), lesson_type_id)
    form, home = UndoForm(request.POST or None), reverse("office:lesson-types", args=[request.by.org_slug])
    if done(form, lambda: catalogue.archive_lesson_type(by, type_id=lesson_type_id)):
        undo = reverse("office:lesson-type-restore", args=[by.org_slug, lesson_type_id])
        tell(request, _("The type %(name)s is archived.") % {"name": row.name}, undo=undo)
        return redirect(home)
    return form_page(
        request, "office/form.html", form, title=_("Archive the type %(name)s?") % {"name": row.name},
        submit_label=pgettext("do", "Archive"), cancel_url=home, crumbs=[(_("Types of lessons"), home)],
        text=_("No new lesson can be of it. Lessons and prices that name it stay as they are."),
    )  # fmt: skip


@page("courses.edit")
def lesson_type_restore(request: OfficeRequest, lesson_type_id: int) -> HttpResponse:
    by, row = request.by, queries.get_lesson_type(request.by.trusted(), lesson_type_id)
    form = UndoForm(request.POST or None)
    home = reverse("office:lesson-types", args=[by.org_slug])
    if done(form, lambda: catalogue.restore_lesson_type(by, type_id=lesson_type_id)):
        tell(request, _("Lessons can be of the type %(name)s again.") % {"name": row.name})
        return undone(request, home)
    return undo_page(request, form, _("Restore the type %(name)s?") % {"name": row.name}, home)


def _shown(row: LessonType) -> dict[str, Any]:
    return {
        "id": row.pk, "name": row.name, "kind": row.get_kind_display(), "icon": row.icon, "colour": row.colour,
        "minutes": row.minutes, "is_archived": row.is_archived,
    }  # fmt: skip

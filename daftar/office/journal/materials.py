"""Pages on files: those a group works with, attaching one, sending one, taking one away."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import FileResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.attendance import materials
from daftar.attendance.materials import Upload
from daftar.attendance.queries import get_lesson
from daftar.attendance.rules import FILE_KINDS, file_kind
from daftar.courses.queries import get_group
from daftar.courses.topics import get_topic
from daftar.office import formats
from daftar.office.forms import UndoForm, done, form_page, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from daftar.attendance.models import Material
    from daftar.orgs.access import Actor

ENDS = ", ".join(f".{kind}" for kind in FILE_KINDS)


class FileForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=gettext_lazy("File"), max_length=materials.LONGEST_NAME * 4, allow_empty_file=True,  # the verb says it
        widget=forms.FileInput(attrs={"accept": ENDS.replace(" ", "")}),
        help_text=gettext_lazy("Documents, pictures, sound, up to 20 MB."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        file = self.cleaned_data.get("file")
        return {"file": Upload(file.name, file.size, file)} if file else {}


@page("courses.view")
def group_materials(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, group = request.by, get_group(request.by, group_id)
    found = materials.files_of_group(by, group_id)
    parts = [
        (_("For the group"), [_line(by, row, "") for row in found.own]),
        (_("Of the plan"), [_line(by, row, str(row.topic)) for row in found.topics]),
        (_("Homework"), [_line(by, row, _day(row)) for row in found.lessons]),
    ]  # fmt: skip
    return render(request, "office/journal/materials.html", {"group": group, "parts": parts})


@page("attendance.edit_materials")
def group_file_new(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, get_group(request.by, group_id)
    home = reverse("office:group-materials", args=[by.org_slug, group_id])
    attach = partial(materials.add_group_file, by, group_id=group_id)
    return _attach(request, attach, home, title=_("A file for %(name)s") % {"name": row.name}, files=[])


@page("attendance.edit_materials")
def lesson_file_new(request: OfficeRequest, lesson_id: int) -> HttpResponse:
    by, row = request.by, get_lesson(request.by, lesson_id)
    home = reverse("office:lesson", args=[by.org_slug, lesson_id])
    attach = partial(materials.add_lesson_file, by, lesson_id=lesson_id)
    title = _("Homework of %(group)s, %(day)s") % {"group": row.name, "day": formats.weekday_day(row.held_on)}
    return _attach(request, attach, home, title=title, files=materials.files_of_lesson(by, lesson_id))


@page("courses.edit")
def topic_file_new(request: OfficeRequest, topic_id: int) -> HttpResponse:
    by, row = request.by, get_topic(request.by, topic_id)
    home = reverse("office:course-topics", args=[by.org_slug, row.course_id])
    attach = partial(materials.add_topic_file, by, topic_id=topic_id)
    title = _("Files of %(title)s") % {"title": row.title}
    return _attach(request, attach, home, title=title, files=materials.files_of_topic(by, topic_id))


@page("courses.view")
def material(request: OfficeRequest, material_id: int) -> HttpResponse:
    """The file itself: always to be saved, never shown within the site, and as the kind its name says."""
    by, row = request.by, materials.get_material(request.by, material_id)
    kind = FILE_KINDS[file_kind(row.name)][0]
    sent = FileResponse(materials.content_of(by, row), as_attachment=True, filename=row.name, content_type=kind)
    sent["Content-Length"] = str(row.size)
    sent["X-Content-Type-Options"] = "nosniff"
    sent["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return cast("HttpResponse", sent)


@page("attendance.edit_materials")
def material_remove(request: OfficeRequest, material_id: int) -> HttpResponse:
    by, row = request.by, materials.get_material(request.by, material_id)
    form, home = UndoForm(request.POST or None), _home(by, row)
    if done(form, partial(materials.remove_material, by, material_id=material_id)):
        back = reverse("office:material-restore", args=[by.org_slug, material_id])
        tell(request, _("%(name)s is taken away.") % {"name": row.name}, undo=back)
        return undone(request, home)
    return form_page(
        request, "office/form.html", form, title=_("Take %(name)s away?") % {"name": row.name},
        text=_("Nobody can open it any more. Undo brings it back."), submit_label=_("Take away"), cancel_url=home,
    )  # fmt: skip


@page("attendance.edit_materials")
def material_restore(request: OfficeRequest, material_id: int) -> HttpResponse:
    by, row = request.by, materials.get_material(request.by, material_id)
    form = UndoForm(request.POST or None)
    home = _home(by, row)
    if done(form, partial(materials.restore_material, by, material_id=material_id)):
        tell(request, _("%(name)s is back.") % {"name": row.name})
        return undone(request, home)
    return undo_page(request, form, _("Bring %(name)s back?") % {"name": row.name}, home)


def _attach(
    request: OfficeRequest, attach: Callable[..., Material], home: str, *, title: str, files: list[Material]
) -> HttpResponse:
    form = FileForm(request.POST or None, request.FILES or None)
    if added := done(form, attach):
        back = reverse("office:material-remove", args=[request.by.org_slug, added.pk])
        tell(request, _("%(name)s is attached.") % {"name": added.name}, undo=back)
        return redirect(home)
    return form_page(request, "office/journal/file_new.html", form, title=title, files=files, cancel_url=home)


def _line(by: Actor, row: Material, about: str) -> dict[str, Any]:
    may_remove = by.may("attendance.edit_materials") and (row.topic_id is None or by.may("courses.edit"))
    return {"id": row.pk, "name": row.name, "size": row.size, "about": about, "may_remove": may_remove}


def _day(row: Material) -> str:
    return formats.weekday_day(row.lesson.held_on) if row.lesson else ""


def _home(by: Actor, row: Material) -> str:
    if row.topic is not None:
        return reverse("office:course-topics", args=[by.org_slug, row.topic.course_id])
    if row.lesson_id is not None:
        return reverse("office:lesson", args=[by.org_slug, row.lesson_id])
    return reverse("office:group-materials", args=[by.org_slug, row.group_id])

"""How the marks of a group's lessons begin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.attendance.beginnings import set_how_marks_begin
from daftar.courses.queries import get_group
from daftar.office.beginnings import begin_field
from daftar.office.forms import done, form_page, tell
from daftar.office.page import OfficeRequest, page
from daftar.orgs.models import MarksBegin

if TYPE_CHECKING:
    from django.http import HttpResponse


class MarksForm(forms.Form):
    """How marks begin, as the branch says or otherwise."""

    def __init__(self, *args: Any, of_branch: MarksBegin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["marks_begin"] = begin_field(of_branch)


@page("courses.edit")
def group_marks(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, get_group(request.by, group_id)
    home = reverse("office:group", args=[by.org_slug, group_id]) + "?tab=lessons"
    form = MarksForm(
        request.POST or None, initial={"marks_begin": row.marks_begin}, of_branch=MarksBegin(row.branch.marks_begin)
    )
    if done(form, partial(set_how_marks_begin, by, group_id=group_id)):
        tell(request, _("Saved."))
        return redirect(home)
    return form_page(
        request, "office/form.html", form, title=_("Marking in %(group)s") % {"group": row.name},
        submit_label=_("Save"), cancel_url=home, crumbs=[(row.name, home)],
        text=_("For lessons that are not marked yet. An absence that was told before stays."),
    )  # fmt: skip

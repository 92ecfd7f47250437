"""The comments on a group: reading, writing, saying one otherwise, taking one away."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.courses import comments
from daftar.courses.queries import get_group
from daftar.office import words
from daftar.office.forms import UndoForm, done, form_page, number_in, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.courses.comment_models import GroupComment
    from daftar.courses.models import Group
    from daftar.orgs.access import Actor


class CommentForm(forms.Form):
    """What is to be remembered. How long it may be says the verb: a field that cuts off would lose the end."""

    text = forms.CharField(
        label=gettext_lazy("Comment"), widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}), strip=False,
        required=False,  # the verb says it in its own words
        help_text=gettext_lazy("Everybody who sees the group reads it, families do not. Up to 2000 characters."),
    )  # fmt: skip
    text.needed = True  # type: ignore[attr-defined] # not marked as optional


@page("courses.view")
def group_comments(request: OfficeRequest, group_id: int) -> HttpResponse:
    form = CommentForm() if request.by.may("courses.comment") else None
    return _list(request, get_group(request.by, group_id), form)


@page("courses.comment")
def group_comment_new(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, group = request.by, get_group(request.by, group_id)
    form = CommentForm(request.POST if request.method == "POST" else None)
    if row := done(form, partial(comments.write_comment, by, group_id=group_id)):
        tell(
            request,
            _("The comment is written."),
            undo=reverse("office:group-comment-remove", args=[by.org_slug, row.pk]),
        )
        return redirect(_home(by, group_id))
    return _list(request, group, form)


@page("courses.comment")
def group_comment_edit(request: OfficeRequest, comment_id: int) -> HttpResponse:
    by, row = request.by, comments.get_comment(request.by, comment_id)
    home, says = _home(by, row.group_id), ""
    if not comments.is_mine(by, row):
        says = _("Only who wrote a comment can change it.")
    elif words.readable(by, row.text) != row.text:  # not theirs to read, even where it was theirs to write
        says = _("It holds a phone or an e-mail that you may not see. What you write here takes its place.")
    form = CommentForm(request.POST if request.method == "POST" else None, initial={"text": "" if says else row.text})
    if done(form, partial(comments.edit_comment, by, comment_id=comment_id)):
        tell(request, _("Saved."))
        return redirect(home)
    return form_page(
        request, "office/form.html", form, title=_("Comment on %(group)s") % {"group": row.group.name},
        submit_label=_("Save"), cancel_url=home, crumbs=_crumbs(by, row.group),
        text=says,
    )  # fmt: skip


@page("courses.comment")
def group_comment_remove(request: OfficeRequest, comment_id: int) -> HttpResponse:
    by, row = request.by, comments.get_comment(request.by, comment_id)
    form, home = UndoForm(request.POST or None), _home(by, row.group_id)
    if done(form, partial(comments.remove_comment, by, comment_id=comment_id)):
        back = reverse("office:group-comment-restore", args=[by.org_slug, comment_id])
        tell(request, _("The comment is taken away."), undo=back)
        return undone(request, home)
    return form_page(
        request, "office/form.html", form, title=_("Take the comment on %(group)s away?") % {"group": row.group.name},
        text=words.readable(by, row.text), submit_label=_("Take away"), cancel_url=home, crumbs=_crumbs(by, row.group),
    )  # fmt: skip


@page("courses.comment")
def group_comment_restore(request: OfficeRequest, comment_id: int) -> HttpResponse:
    by, row = request.by, comments.get_comment(request.by, comment_id)
    form = UndoForm(request.POST or None)
    home = _home(by, row.group_id)
    if done(form, partial(comments.restore_comment, by, comment_id=comment_id)):
        tell(request, _("The comment is back."))
        return undone(request, home)
    return undo_page(request, form, _("Bring the comment on %(group)s back?") % {"group": row.group.name}, home)


def _list(request: OfficeRequest, group: Group, form: CommentForm | None) -> HttpResponse:
    by = request.by
    rows, at = comments.comments_of_group(by, group.pk, number_in(request, "page") or 1)
    context = {"group": group, "rows": [_shown(by, row) for row in rows], "page": at}
    return form_page(request, "office/courses/comments.html", form, **context)


def _shown(by: Actor, row: GroupComment) -> dict[str, Any]:
    text = words.readable(by, row.text)
    return {
        "id": row.pk, "who": row.member.name if row.member else "", "at": row.written_at, "edited_at": row.edited_at,
        "text": text, "may_edit": by.may("courses.comment") and comments.is_mine(by, row) and text == row.text,
        "may_remove": comments.may_remove(by, row),
    }  # fmt: skip


def _home(by: Actor, group_id: int) -> str:
    return reverse("office:group-comments", args=[by.org_slug, group_id])


def _crumbs(by: Actor, group: Group) -> list[tuple[Any, str]]:
    return [
        (group.name, reverse("office:group", args=[by.org_slug, group.pk])), (_("Comments"), _home(by, group.pk))
    ]  # fmt: skip

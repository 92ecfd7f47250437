"""Views of a list, filtered, that a member keeps under a name."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, note, question, verb
from daftar.orgs.models import KeptView

MOST = 20


class ViewNameTaken(Refusal):
    constraints = ("kept_view_name_once",)
    field = "name"
    text = _("You keep a view of this name already.")


class TooManyViews(Refusal):
    field = "name"
    text = _("You keep 20 views already. Forget one first.")


@verb("courses.view")
def keep_view(by: Actor, *, of: str, name: str, address: str) -> KeptView:
    """Keeps the filters of the list `of` (its route) in an address (its query, without "?"), for the member alone."""
    mine = KeptView.objects.visible_to(by).filter(member_id=by.member_id, of=of)
    if mine.filter(name=name).exists():
        raise ViewNameTaken
    if mine.count() >= MOST:
        raise TooManyViews
    return add(by, KeptView, member_id=by.member_id, of=of, name=name, address=address)


@verb("courses.view")
def drop_view(by: Actor, *, of: str, name: str) -> str:
    """Forgets a view of one's own; answers its address, "" where there is none."""
    row = KeptView.objects.visible_to(by).filter(member_id=by.member_id, of=of, name=name).first()
    if row is None:
        return ""
    note(by, row, was={"name": row.name}, now={"name": None})
    KeptView.objects.visible_to(by).filter(pk=row.pk).delete()
    return row.address


@question("courses.view")
def kept_views(by: Actor, of: str) -> list[KeptView]:
    """One's own views of a list by name."""
    return list(KeptView.objects.visible_to(by).filter(member_id=by.member_id, of=of).order_by("name", "id"))

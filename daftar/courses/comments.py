"""Comments on a group: short notes of the team, the newest first."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from daftar.courses.comment_models import LONGEST_COMMENT, GroupComment
from daftar.courses.models import Group
from daftar.lib.errors import Refusal
from daftar.lib.paging import Page, paged
from daftar.orgs.access import Actor, add, change, question, verb


class CommentIsEmpty(Refusal):
    constraints = ("group_comment_says_something",)
    field = "text"
    text = _("Write what is to be remembered.")


class CommentTooLong(Refusal):
    field = "text"
    text = _("A comment has at most %(most)s characters; this one has %(count)s.")


class NotYourComment(Refusal):
    text = _("Only who wrote a comment can change it.")


class CommentIsTakenAway(Refusal):
    text = _("This comment is taken away. Bring it back first.")


@verb("courses.comment")
def write_comment(by: Actor, *, group_id: int, text: str) -> GroupComment:
    """A comment on a group that the actor sees."""
    group: Group = Group.objects.visible_to(by).one(pk=group_id)
    return add(by, GroupComment, group=group, member_id=by.member_id, text=_checked(text), written_at=by.at)


@verb("courses.comment")
def edit_comment(by: Actor, *, comment_id: int, text: str) -> GroupComment:
    """Says one's own comment otherwise; the history keeps what it said."""
    row = _locked(by, comment_id)
    if not is_mine(by, row):
        raise NotYourComment
    if row.removed_at is not None:
        raise CommentIsTakenAway
    said = _checked(text)
    if said != row.text:
        change(by, row, text=said, edited_at=by.at)
    return row


@verb("courses.comment")
def remove_comment(by: Actor, *, comment_id: int) -> GroupComment:
    """Takes a comment away: one's own, and anybody's for those who edit groups. It can be brought back."""
    row = _locked(by, comment_id)
    _check_removing(by, row)
    change(by, row, removed_at=row.removed_at or by.at)
    return row


@verb("courses.comment")
def restore_comment(by: Actor, *, comment_id: int) -> GroupComment:
    """Brings a comment back, for those who may take it away."""
    row = _locked(by, comment_id)
    _check_removing(by, row)
    change(by, row, removed_at=None)
    return row


def is_mine(by: Actor, row: GroupComment) -> bool:
    """Whether the actor wrote it."""
    return by.member_id is not None and row.member_id == by.member_id


def may_remove(by: Actor, row: GroupComment) -> bool:
    """Whether the actor may take it away, and bring it back."""
    return by.may("courses.comment") and (is_mine(by, row) or by.may("courses.edit"))


def _check_removing(by: Actor, row: GroupComment) -> None:
    if not may_remove(by, row):
        raise NotYourComment


def _checked(text: str) -> str:
    said = text.replace("\r\n", "\n").strip()
    if not said:
        raise CommentIsEmpty
    if len(said) > LONGEST_COMMENT:
        raise CommentTooLong(most=LONGEST_COMMENT, count=len(said))
    return said


def _locked(by: Actor, comment_id: int) -> GroupComment:
    row: GroupComment = _seen(by).select_for_update(of=("self",), no_key=True).one(pk=comment_id)
    return row


def _seen(by: Actor) -> Any:
    return GroupComment.objects.visible_to(by).filter(group__in=Group.objects.visible_to(by)).select_related("group")


# --- what may be asked ----------------------------------------------------------------------------------------------


@question("courses.view")
def comments_of_group(by: Actor, group_id: int, number: int = 1) -> tuple[list[GroupComment], Page]:
    """A page of the comments on a group with who wrote them, the newest first."""
    rows = _seen(by).filter(group_id=group_id, removed_at=None).select_related("member")
    return paged(rows.order_by("-written_at", "-id"), number)


@question("courses.view")
def get_comment(by: Actor, comment_id: int) -> GroupComment:
    """A comment with its group, one that was taken away too; NotFound in a group the actor may not see."""
    row: GroupComment = _seen(by).one(pk=comment_id)
    return row

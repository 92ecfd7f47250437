"""Comments on a group: who writes, reads, changes and takes them away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import DataError, IntegrityError, transaction

from daftar.courses.comment_models import LONGEST_COMMENT, GroupComment
from daftar.courses.comments import (
    CommentIsEmpty,
    CommentIsTakenAway,
    CommentTooLong,
    NotYourComment,
    comments_of_group,
    edit_comment,
    get_comment,
    remove_comment,
    restore_comment,
    write_comment,
)
from daftar.lib.errors import Forbidden, NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import AuditEntry
from tests.cast import a_centre, a_group, a_member, at, owner_of


@pytest.fixture
def owner(by):
    return owner_of(by)


@pytest.fixture
def teacher(by):
    return a_member(by, "Bahrom", "teacher")


@pytest.fixture
def group(by, teacher):
    return a_group(by, teacher_id=teacher.member_id)


def texts(by, group) -> list[str]:
    return [row.text for row in comments_of_group(by, group.pk)[0]]


def test_the_newest_stands_first_with_who_wrote_it_and_when(owner, teacher, group):
    write_comment(teacher, group_id=group.pk, text="They want Saturdays.")
    write_comment(at(owner, "2025-05-15"), group_id=group.pk, text="  Moved to room 3.\r\nTell the parents. ")
    rows, page = comments_of_group(owner, group.pk)
    assert [row.text for row in rows] == ["Moved to room 3.\nTell the parents.", "They want Saturdays."]
    assert [row.member.name for row in rows] == ["Aziza", "Bahrom"]
    assert rows[1].written_at == teacher.at
    assert page.total == 2


def test_only_who_wrote_it_says_it_otherwise_and_the_history_keeps_what_it_said(owner, teacher, group):
    row = write_comment(teacher, group_id=group.pk, text="Tuesdy")
    with pytest.raises(NotYourComment):
        edit_comment(owner, comment_id=row.pk, text="Wednesday")
    edit_comment(at(teacher, "2025-05-15"), comment_id=row.pk, text="Tuesday")
    assert texts(owner, group) == ["Tuesday"]
    told = AuditEntry.objects.visible_to(owner).order_by("-id")[0]
    assert (told.verb, told.changes[0]["was"]["text"]) == ("courses.edit_comment", "Tuesdy")
    before = AuditEntry.objects.visible_to(owner).count()
    edit_comment(teacher, comment_id=row.pk, text="Tuesday ")
    assert AuditEntry.objects.visible_to(owner).count() == before


def test_one_is_taken_away_by_its_author_or_by_who_edits_groups_and_comes_back(owner, teacher, group):
    mine, hers = (write_comment(who, group_id=group.pk, text=who.name) for who in (teacher, owner))
    with pytest.raises(NotYourComment):
        remove_comment(teacher, comment_id=hers.pk)
    remove_comment(owner, comment_id=mine.pk)
    remove_comment(owner, comment_id=hers.pk)
    assert texts(owner, group) == []
    with pytest.raises(CommentIsTakenAway):
        edit_comment(teacher, comment_id=mine.pk, text="x")
    with pytest.raises(NotYourComment):
        restore_comment(teacher, comment_id=hers.pk)
    restore_comment(teacher, comment_id=mine.pk)
    assert texts(owner, group) == ["Bahrom"]


def test_nothing_and_too_much_are_refused_and_the_database_holds_it_too(owner, group):
    for text, refusal in ((" \n ", CommentIsEmpty), ("x" * (LONGEST_COMMENT + 1), CommentTooLong)):
        with pytest.raises(refusal):
            write_comment(owner, group_id=group.pk, text=text)
    row = write_comment(owner, group_id=group.pk, text="x" * LONGEST_COMMENT)
    for text, error in (("", IntegrityError), ("x" * (LONGEST_COMMENT + 1), DataError)):
        with pytest.raises(error), transaction.atomic():
            GroupComment.objects.visible_to(owner).filter(pk=row.pk).update(text=text)


def test_a_teacher_comments_on_own_groups_and_sees_no_others(owner, teacher, by):
    other = a_group(by, name="Not his")
    row = write_comment(owner, group_id=other.pk, text="quiet")
    for ask in (
        lambda: write_comment(teacher, group_id=other.pk, text="x"),
        lambda: get_comment(teacher, row.pk),
        lambda: remove_comment(replace(teacher, permissions=teacher.permissions | {"courses.edit"}), comment_id=row.pk),
    ):
        with pytest.raises(NotFound):
            ask()
    assert comments_of_group(teacher, other.pk)[0] == []


def test_a_cashier_reads_and_does_not_write(owner, group, by):
    cashier = a_member(by, "Kamola", "cashier")
    row = write_comment(owner, group_id=group.pk, text="pay on Fridays")
    assert texts(cashier, group) == ["pay on Fridays"]
    for ask in (
        lambda: write_comment(cashier, group_id=group.pk, text="x"),
        lambda: remove_comment(cashier, comment_id=row.pk),
    ):
        with pytest.raises(Forbidden):
            ask()


def test_a_neighbours_comment_is_not_there(owner, group):
    row = write_comment(owner, group_id=group.pk, text="ours")
    other = a_centre("other")
    with tenant_transaction(other.org_id), pytest.raises(NotFound):
        get_comment(owner_of(other), row.pk)

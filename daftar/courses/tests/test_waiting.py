"""The waiting list of a group, and whether a full group refuses."""

from __future__ import annotations

import pytest

from daftar.courses.places import change_hours
from daftar.courses.refusals import AlreadyEnrolled, GroupIsFull
from daftar.courses.services import enrol_student, undo_enrolment
from daftar.courses.waiting import (
    WaitsAlready,
    groups_with_a_place,
    put_on_waiting_list,
    take_off_waiting_list,
    wait_on,
    waiting_list,
)
from daftar.lib.errors import NotFound
from daftar.orgs.models import Branch
from tests.cast import a_group, a_student, enrolled


@pytest.fixture
def group(by):
    row = a_group(by, capacity=1)
    enrolled(by, a_student(by, "First"), row, "2025-05-05")
    return row


def waits(by, group) -> list[str]:
    return [row.student.full_name for row in waiting_list(by, group.pk)]


def put(by, group, name: str, **values):
    student = a_student(by, name)
    return put_on_waiting_list(by, group_id=group.pk, student_id=student.pk, **values)


def test_who_asked_first_stands_first_and_nobody_twice(by, group):
    first = put(by, group, "Bek", note="mornings")
    put(by, group, "Aziz")
    with pytest.raises(WaitsAlready):
        put_on_waiting_list(by, group_id=group.pk, student_id=first.student_id)
    assert (waits(by, group), waiting_list(by, group.pk)[0].note) == (["Bek", "Aziz"], "mornings")


def test_whoever_joins_waits_no_longer_and_does_again_when_that_is_undone(by, group):
    row = put(by, group, "Bek")
    open_up(by, blocks=False)
    joined = enrol_student(by, student_id=row.student_id, group_id=group.pk, starts_on=by.today)
    assert waits(by, group) == []
    with pytest.raises(AlreadyEnrolled):
        put_on_waiting_list(by, group_id=group.pk, student_id=row.student_id)
    undo_enrolment(by, enrolment_id=joined.pk)
    assert waits(by, group) == ["Bek"]


def test_whoever_is_taken_off_can_be_put_back_in_the_same_place_or_asks_anew(by, group):
    row = put(by, group, "Bek")
    put(by, group, "Aziz")
    take_off_waiting_list(by, waiting_id=row.pk)
    with pytest.raises(NotFound):
        take_off_waiting_list(by, waiting_id=row.pk)
    assert waits(by, group) == ["Aziz"]
    wait_on(by, waiting_id=row.pk)
    assert waits(by, group) == ["Bek", "Aziz"]


def test_a_place_that_becomes_free_is_told_with_how_many_wait(by, group):
    put(by, group, "Bek")
    assert groups_with_a_place(by) == []
    type(group).objects.visible_to(by).filter(pk=group.pk).update(capacity=2)
    assert [(row.pk, count) for row, count in groups_with_a_place(by)] == [(group.pk, 1)]


def test_a_full_group_refuses_or_only_warns_as_the_branch_says(by, group):
    second = a_student(by, "Second")
    with pytest.raises(GroupIsFull):
        enrol_student(by, student_id=second.pk, group_id=group.pk, starts_on=by.today)
    open_up(by, blocks=False)
    assert enrol_student(by, student_id=second.pk, group_id=group.pk, starts_on=by.today).pk


def open_up(by, *, blocks: bool) -> None:
    branch = Branch.objects.visible_to(by).get()
    change_hours(
        by, branch_id=branch.pk, opens_at=None, closes_at=None, blocks_rooms=False, blocks_teachers=False,
        blocks_capacity=blocks,
    )  # fmt: skip

"""Several members of a group at once: all or nothing, and exactly what one by one would be."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest

from daftar.courses.models import Enrolment, Group, Suspension
from daftar.courses.refusals import AlreadyEnrolled, GroupIsFull, JoinOutsideGroup
from daftar.courses.rules import PlanKind
from daftar.courses.services import enrol_student
from daftar.ledger.queries import balances
from daftar.lib.errors import NotFound
from daftar.orgs.models import AuditEntry, Branch
from daftar.tuition import several
from daftar.tuition.credits import ReasonToDeclineMissing
from daftar.tuition.leaving import leave_group
from daftar.tuition.pauses import NotPaused, suspend
from daftar.tuition.services import enrol_active
from daftar.tuition.several import (
    CannotBe,
    NobodyChosen,
    TooMany,
    activate_together,
    end_pauses_together,
    join_active_together,
    join_together,
    leave_together,
    pause_group,
    pause_together,
    return_together,
    take_back_together,
    transfer_together,
)
from tests.cast import a_course, a_group, a_student, enrolled

PRICE = 60_000_000
MONTH_BEGINS, TODAY = date(2025, 5, 1), date(2025, 5, 14)


@pytest.fixture
def group(by):
    return a_group(by, a_course(by, plan=PlanKind.CALENDAR_MONTH, price=PRICE), starts_on="2025-05-01")


@pytest.fixture
def members(by, group):
    students = [a_student(by, name) for name in ("Aziz", "Bek", "Lola")]
    return [enrol_active(by, student_id=row.pk, group_id=group.pk, starts_on=MONTH_BEGINS) for row in students]


def owed(by, members) -> list[int]:
    ids = [row.student_id for row in members]
    found = balances(by, ids)
    return [found.get(pk, 0) for pk in ids]


def ids(members) -> list[int]:
    return [row.pk for row in members]


def test_several_leave_as_each_would_alone_in_one_deed_and_stay_when_it_is_taken_back(by, members):
    leave_group(by, enrolment_id=members[0].pk, last_on=TODAY)
    alone = owed(by, members)[0]
    before = AuditEntry.objects.visible_to(by).count()
    done = leave_together(by, enrolment_ids=ids(members[1:]), last_on=TODAY, reason="Summer")
    assert owed(by, members) == [alone] * 3
    assert alone > -PRICE
    assert AuditEntry.objects.visible_to(by).count() == before + 1
    take_back_together(by, done_id=done.id)
    assert owed(by, members)[1:] == [-PRICE, -PRICE]


def test_all_of_a_group_pause_however_many_they_are_and_go_on_when_it_is_taken_back(by, group, members, monkeypatch):
    monkeypatch.setattr(several, "MOST", 2)
    whom = {"enrolment_ids": ids(members), "starts_on": TODAY}
    with pytest.raises(TooMany):
        pause_together(by, **whom)
    with pytest.raises(ReasonToDeclineMissing):
        pause_group(by, **whom, group_id=group.pk, gives_credit=False)
    before = owed(by, members)
    done = pause_group(by, **whom, group_id=group.pk, extends=False)
    rows = Suspension.objects.visible_to(by)
    assert set(rows.values_list("student_id", "group_id")) == {(row.student_id, group.pk) for row in members}
    assert len(set(owed(by, members))) == 1
    assert owed(by, members)[0] > before[0]
    take_back_together(by, done_id=done.id)
    assert not rows.exists()
    assert owed(by, members) == before


def test_pauses_of_several_end_on_the_day_they_come_again_and_go_on_when_it_is_taken_back(by, group, members):
    in_group, everywhere = date(2025, 5, 8), date(2025, 5, 6)
    suspend(by, student_ids=[members[0].student_id], starts_on=in_group, group_id=group.pk)
    suspend(by, student_ids=[members[1].student_id], starts_on=everywhere, last_on=date(2025, 5, 28), reason="Ill")
    paused = owed(by, members)
    assert max(paused[:2]) > -PRICE or min(paused[:2]) > -PRICE
    done = end_pauses_together(by, enrolment_ids=ids(members[:2]), from_on=TODAY)
    rows = Suspension.objects.visible_to(by).order_by("starts_on")
    assert [(row.starts_on, row.ends_on) for row in rows] == [(everywhere, TODAY), (in_group, TODAY)]
    assert all(now < was for now, was in zip(owed(by, members)[:2], paused[:2], strict=True))
    take_back_together(by, done_id=done.id)
    assert owed(by, members) == paused
    assert [(row.ends_on, row.reason) for row in rows.all()] == [(date(2025, 5, 29), "Ill"), (None, "")]


def test_a_pause_in_the_group_and_a_later_one_in_all_end_together(by, group, members):
    suspend(by, student_ids=[members[0].student_id], starts_on=date(2025, 5, 8), group_id=group.pk)
    suspend(by, student_ids=[members[0].student_id], starts_on=date(2025, 5, 6))
    end_pauses_together(by, enrolment_ids=ids(members[:1]), from_on=TODAY)
    assert [row.ends_on for row in Suspension.objects.visible_to(by)] == [TODAY, TODAY]


def test_who_does_not_pause_on_that_day_is_named_and_no_pause_ends(by, group, members):
    suspend(by, student_ids=[members[0].student_id], starts_on=TODAY, last_on=date(2025, 5, 20), group_id=group.pk)
    for day in (date(2025, 5, 13), date(2025, 5, 21)):
        with pytest.raises(CannotBe) as caught:
            end_pauses_together(by, enrolment_ids=ids(members[:1]), from_on=day)
        assert isinstance(caught.value.values["why"], NotPaused)
    suspend(by, student_ids=[members[1].student_id], starts_on=TODAY)
    with pytest.raises(CannotBe) as caught:
        end_pauses_together(by, enrolment_ids=ids(members), from_on=date(2025, 5, 19))
    assert caught.value.values["name"] == "Lola"
    assert [row.ends_on for row in Suspension.objects.visible_to(by).order_by("id")] == [date(2025, 5, 21), None]


@pytest.mark.parametrize(("together", "alone"), [(join_together, enrol_student), (join_active_together, enrol_active)])
def test_several_join_as_each_would_alone_in_one_deed_and_are_gone_when_it_is_taken_back(by, group, together, alone):
    first, *others = [a_student(by, name) for name in ("Aziz", "Bek", "Lola")]
    one = alone(by, student_id=first.pk, group_id=group.pk, starts_on=TODAY)
    before = AuditEntry.objects.visible_to(by).count()
    done = together(by, student_ids=[row.pk for row in others], group_id=group.pk, starts_on=TODAY)
    assert AuditEntry.objects.visible_to(by).count() == before + 1
    assert [row.student_id for row in done.rows] == [row.pk for row in others]
    assert len(set(owed(by, [one, *done.rows]))) == 1
    rows = Enrolment.objects.visible_to(by).filter(group=group)
    assert rows.values("starts_on", "activated_on", "ends_on").distinct().count() == 1
    take_back_together(by, done_id=done.id)
    assert list(rows) == [one]
    assert owed(by, done.rows) == [0, 0]


def test_who_cannot_join_is_named_and_nobody_joins(by, group, members):
    new = a_student(by, "Zafar")
    join = partial(join_together, by, group_id=group.pk, starts_on=TODAY)
    with pytest.raises(CannotBe) as refused:
        join(student_ids=[new.pk, members[1].student_id])
    assert refused.value.values["name"] == "Bek"
    assert isinstance(refused.value.values["why"], AlreadyEnrolled)
    with pytest.raises(JoinOutsideGroup):
        join(student_ids=[new.pk], starts_on=date(2025, 4, 30))
    with pytest.raises(NobodyChosen):
        join(student_ids=[])
    with pytest.raises(TooMany):
        join(student_ids=range(1, 102))
    with pytest.raises(NotFound):
        join(student_ids=[new.pk, 10**9])
    assert Enrolment.objects.visible_to(by).filter(group=group).count() == len(members)


@pytest.mark.parametrize("blocks", [True, False])
def test_a_group_without_a_place_for_all_takes_none_of_them_where_the_branch_refuses(by, group, members, blocks):
    Group.objects.visible_to(by).filter(pk=group.pk).update(capacity=len(members) + 1)
    Branch.objects.visible_to(by).update(blocks_capacity=blocks)
    new = [a_student(by, name).pk for name in ("Umar", "Zafar")]
    if not blocks:
        join_together(by, student_ids=new, group_id=group.pk, starts_on=TODAY)
        return
    with pytest.raises(CannotBe) as refused:
        join_together(by, student_ids=new, group_id=group.pk, starts_on=TODAY)
    assert refused.value.values["name"] == "Zafar"
    assert isinstance(refused.value.values["why"], GroupIsFull)
    assert not Enrolment.objects.visible_to(by).filter(student_id__in=new).exists()


def test_one_who_cannot_leave_is_named_and_nobody_leaves(by, members):
    leave_group(by, enrolment_id=members[1].pk, last_on=MONTH_BEGINS)
    with pytest.raises(CannotBe) as refused:
        leave_together(by, enrolment_ids=ids(members), last_on=TODAY)
    assert refused.value.values["name"] == "Bek"


def test_several_move_to_another_group_the_day_after_their_last(by, group, members):
    other = a_group(by, group.course, "Other", starts_on="2025-05-01")
    moved = transfer_together(by, enrolment_ids=ids(members), group_id=other.pk, starts_on=TODAY).rows
    assert {(row.group_id, row.starts_on, row.activated_on) for row in moved} == {(other.pk, TODAY, TODAY)}
    left = Enrolment.objects.visible_to(by).filter(group=group)
    assert set(left.values_list("ends_on", flat=True)) == {TODAY}


def test_several_are_activated_each_from_joining_at_the_earliest_and_return_to_trial(by, group):
    early = enrolled(by, a_student(by, "Early"), group, "2025-05-05")
    late = enrolled(by, a_student(by, "Late"), group, "2025-05-19")
    rows = activate_together(by, enrolment_ids=[early.pk, late.pk], on=TODAY).rows
    assert [row.activated_on for row in rows] == [TODAY, date(2025, 5, 19)]
    returned = return_together(by, enrolment_ids=[early.pk], from_on=TODAY).rows
    assert [row.activated_on for row in returned] == [None]
    assert owed(by, [early]) == [0]


def test_nobody_too_many_and_strangers_are_refused(by, group, members):
    with pytest.raises(NobodyChosen):
        leave_together(by, enrolment_ids=[], last_on=TODAY)
    with pytest.raises(TooMany):
        leave_together(by, enrolment_ids=range(1, 102), last_on=TODAY)
    with pytest.raises(NotFound):
        leave_together(by, enrolment_ids=[members[0].pk, 10**9], last_on=TODAY)
    short = a_group(by, group.course, "Short", starts_on="2025-06-01", last_on="2025-06-30")
    with pytest.raises(CannotBe) as refused:
        transfer_together(by, enrolment_ids=ids(members), group_id=short.pk, starts_on=TODAY)
    assert isinstance(refused.value.values["why"], JoinOutsideGroup)

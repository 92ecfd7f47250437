"""The last places of a group, wanted by every way there is into it at the same instant; and its waiting list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from daftar.courses import services as courses
from daftar.courses import waiting
from daftar.courses.models import Enrolment, Waiting
from daftar.courses.places import change_hours
from daftar.lib.errors import NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.leaving import leave_group, transfer, undo_leaving
from daftar.tuition.services import enrol_active
from daftar.tuition.several import join_active_together, join_together, transfer_together
from tests.cast import a_branch, a_student, enrolled
from tests.races.test_school import rows, the_group
from tests.races.together import CROWD, at_once, books, kinds

DAY = timedelta(days=1)


@pytest.fixture
def students(by):
    with tenant_transaction(by.org_id):
        return [a_student(by, f"Student {place}") for place in range(CROWD)]


def members(by, group) -> list[Enrolment]:
    """Who is in the group tomorrow."""
    found = rows(by, Enrolment, group=group)
    return [row for row in found if row.ends_on is None or row.ends_on > by.today + DAY]


# --- the last places -----------------------------------------------------------------------------------------------


def every_way_in(by, students, target, other) -> list:
    """Sixteen: new ones, active ones, from the waiting list, from another group alone and together, and come back."""
    tomorrow = by.today + DAY
    with tenant_transaction(by.org_id):
        listed = [waiting.put_on_waiting_list(by, group_id=target.pk, student_id=each.pk) for each in students[6:9]]
        theirs = [enrolled(by, each, other, "2025-05-05") for each in students[9:14]]
        gone = []
        for place, each in enumerate(students[14:16]):
            gone.append(enrolled(by, each, target, f"2025-05-{5 + 2 * place:02}"))
            leave_group(by, enrolment_id=gone[-1].pk, last_on=date(2025, 5, 6 + 2 * place))

    def move(row):
        return lambda: transfer(
            by, enrolment_id=row.pk, group_id=target.pk, last_on=by.today, starts_on=tomorrow
        )  # fmt: skip

    def join(student_id, enrol):
        return lambda: enrol(by, student_id=student_id, group_id=target.pk, starts_on=tomorrow)

    together = [row.pk for row in theirs[3:]]
    pair = [each.pk for each in students[1:3]]
    works = [join(students[0].pk, courses.enrol_student)]
    works += [lambda: join_together(by, student_ids=pair, group_id=target.pk, starts_on=tomorrow)]
    works += [join(each.pk, enrol_active) for each in students[3:6]]
    works += [join(row.student_id, courses.enrol_student) for row in listed]
    works += [move(row) for row in theirs[:3]]
    works += [lambda: transfer_together(by, enrolment_ids=together, group_id=target.pk, starts_on=tomorrow)]
    works += [lambda row=row: undo_leaving(by, enrolment_id=row.pk) for row in gone]
    return works


@pytest.mark.parametrize("free", [1, 2, 5])
def test_every_way_into_a_group_at_once_fills_it_and_no_more(by, students, free):
    target, other = the_group(by, capacity=free), the_group(by, name="Other")
    answers = at_once(by, every_way_in(by, students, target, other))
    assert kinds(answers).keys() <= {"done", "GroupIsFull", "CannotBe"}, kinds(answers)
    assert len(members(by, target)) == free
    left = [row for row in members(by, other) if row.student_id in {each.pk for each in students[9:14]}]
    moved = [row for row in members(by, target) if row.student_id in {each.pk for each in students[9:14]}]
    assert len(left) + len(moved) == 5, "whoever found no place is where he was"
    assert books(by) == []


def test_sixteen_who_each_bring_two_for_the_last_places_bring_both_or_neither(by, students):
    target = the_group(by, capacity=5)
    with tenant_transaction(by.org_id):
        friends = [a_student(by, f"Friend {place}") for place in range(CROWD)]
    pairs = [[one.pk, two.pk] for one, two in zip(students, friends, strict=True)]
    works = [
        lambda pair=pair, join=(join_together, join_active_together)[turn % 2]: join(
            by, student_ids=pair, group_id=target.pk, starts_on=by.today + DAY
        )
        for turn, pair in enumerate(pairs)
    ]
    assert kinds(at_once(by, works)) == {"done": 2, "CannotBe": CROWD - 2}
    there = {row.student_id for row in members(by, target)}
    assert sorted(len(there.intersection(pair)) for pair in pairs) == [0] * (CROWD - 2) + [2, 2]
    assert books(by) == []


def test_where_the_branch_does_not_block_everybody_gets_in(by, students):
    target, other = the_group(by, capacity=1), the_group(by, name="Other")
    with tenant_transaction(by.org_id):
        change_hours(
            by, branch_id=a_branch(by).pk, opens_at=None, closes_at=None, blocks_rooms=False, blocks_teachers=False,
            blocks_capacity=False,
        )  # fmt: skip
    works = every_way_in(by, students, target, other)
    assert kinds(at_once(by, works)) == {"done": len(works)}
    assert len(members(by, target)) == CROWD


def test_places_counted_by_each_way_without_the_lock_would_be_given_away_twice(
    by, students, everybody_looked, monkeypatch
):
    """The twin: everybody counts before anybody is put in."""
    target, other = the_group(by, capacity=1), the_group(by, name="Other")
    with tenant_transaction(by.org_id):
        theirs = [enrolled(by, each, other, "2025-05-05") for each in students[8:]]

    def naively(student, row=None) -> None:
        courses.check_joining(by, target, student, by.today + DAY, None)
        everybody_looked.wait()
        if row is not None:
            Enrolment.objects.visible_to(by).filter(pk=row.pk).update(ends_on=by.today + DAY)
        Enrolment.objects.create(org_id=by.org_id, student=student, group=target, starts_on=by.today + DAY)

    works = [lambda each=each: naively(each) for each in students[:8]]
    works += [lambda row=row: naively(row.student, row) for row in theirs]
    at_once(by, works)
    assert len(members(by, target)) == CROWD


def test_whoever_comes_back_into_a_full_group_is_refused(by, students):
    """His place was given to another meanwhile."""
    target = the_group(by, capacity=1)
    with tenant_transaction(by.org_id):
        first = enrolled(by, students[0], target, "2025-05-05")
        leave_group(by, enrolment_id=first.pk, last_on=by.today)
        enrolled(by, students[1], target, str(by.today + DAY))
    (answer,) = at_once(by, [lambda: undo_leaving(by, enrolment_id=first.pk)])
    assert isinstance(answer, courses.GroupIsFull)


def test_eight_change_into_the_other_group_and_eight_back_and_nobody_waits_for_ever(by, students):
    one, two = the_group(by, name="One"), the_group(by, name="Two")
    with tenant_transaction(by.org_id):
        places = [
            enrol_active(by, student_id=each.pk, group_id=(one, two)[number % 2].pk, starts_on=date(2025, 5, 5))
            for number, each in enumerate(students)
        ]

    def swap(row):
        to = two if row.group_id == one.pk else one
        return lambda: transfer(
            by, enrolment_id=row.pk, group_id=to.pk, last_on=by.today, starts_on=by.today + DAY
        )  # fmt: skip

    assert kinds(at_once(by, [swap(row) for row in places])) == {"done": CROWD}
    assert (len(members(by, one)), len(members(by, two))) == (8, 8)
    assert books(by) == []


# --- the waiting list ----------------------------------------------------------------------------------------------


def putting(by, group, student):
    return lambda: waiting.put_on_waiting_list(by, group_id=group.pk, student_id=student.pk)


@pytest.mark.parametrize("waited_before", [False, True])
def test_one_student_put_on_the_list_by_sixteen_is_on_it_once(by, students, waited_before):
    group = the_group(by)
    if waited_before:
        with tenant_transaction(by.org_id):
            row = waiting.put_on_waiting_list(by, group_id=group.pk, student_id=students[0].pk)
            waiting.take_off_waiting_list(by, waiting_id=row.pk)
    answers = at_once(by, [putting(by, group, students[0])] * CROWD)
    assert kinds(answers) == {"done": 1, "WaitsAlready": CROWD - 1}
    assert len(rows(by, Waiting, group=group)) == 1


def test_without_lock_and_rule_one_student_would_wait_sixteen_times(by, students, everybody_looked, without_rule):
    group = the_group(by)
    without_rule("daftar_waiting", "waits_once")

    def naively() -> None:
        if not Waiting.objects.visible_to(by).filter(group=group, student=students[0]).exists():
            everybody_looked.wait()
            Waiting.objects.create(org_id=by.org_id, group=group, student=students[0], since=by.at)

    at_once(by, [naively] * CROWD)
    assert len(rows(by, Waiting, group=group)) == CROWD


def test_of_sixteen_who_wait_one_gets_the_free_place_and_the_others_still_wait(by, students):
    group = the_group(by, capacity=1)
    assert kinds(at_once(by, [putting(by, group, each) for each in students])) == {"done": CROWD}

    def take(student):
        return lambda: courses.enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=by.today)

    assert kinds(at_once(by, [take(each) for each in students])) == {"done": 1, "GroupIsFull": CROWD - 1}
    with tenant_transaction(by.org_id):
        assert len(waiting.waiting_list(by, group.pk)) == CROWD - 1
        assert waiting.groups_with_a_place(by) == []


def test_one_taken_off_the_list_by_sixteen_is_taken_off_once(by, students):
    group = the_group(by)
    with tenant_transaction(by.org_id):
        row = waiting.put_on_waiting_list(by, group_id=group.pk, student_id=students[0].pk)
    answers = at_once(by, [lambda: waiting.take_off_waiting_list(by, waiting_id=row.pk)] * CROWD)
    assert "done" in kinds(answers)
    assert kinds(answers).keys() <= {"done", NotFound.__name__}
    with tenant_transaction(by.org_id):
        assert waiting.waiting_list(by, group.pk) == []

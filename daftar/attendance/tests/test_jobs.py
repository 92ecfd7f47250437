"""Lessons that nobody marked by the end of their day, where the branch says what becomes of them."""

from __future__ import annotations

from datetime import date

import pytest

from daftar.attendance.jobs import settle, to_settle
from daftar.attendance.queries import Mark, marks_in
from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Lesson
from daftar.courses.places import change_hours
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.orgs.models import Branch
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_student

PRICE = 5_000_000


@pytest.fixture
def student(by):
    group = a_group(by, a_course(by, plan=PlanKind.PER_LESSON, price=PRICE), starts_on="2025-05-01")
    row = a_student(by)
    enrol_active(by, student_id=row.pk, group_id=group.pk, starts_on=date(2025, 5, 5))
    return row.pk


def rule(by, becomes: str) -> None:
    branch = Branch.objects.visible_to(by).get()
    change_hours(
        by, branch_id=branch.pk, opens_at=None, closes_at=None, blocks_rooms=False, blocks_teachers=False,
        unmarked_become=becomes,
    )  # fmt: skip


def conducted(by) -> list[int]:
    rows = Lesson.objects.visible_to(by).filter(status="conducted")
    return [row.held_on.day for row in rows.order_by("held_on")]


@pytest.mark.parametrize(("becomes", "is_present"), [("present", True), ("absent", False)])
def test_the_days_that_are_over_are_marked_as_the_branch_says_and_charged(by, student, becomes, is_present):
    rule(by, becomes)
    for lesson_id, how in to_settle(by):
        settle(by, lesson_id, how)
    # Today is the 14th: its own lesson is still to be marked, those before the 12th are left to people.
    assert conducted(by) == [12]
    lesson = Lesson.objects.visible_to(by).get(status="conducted")
    assert marks_in(by, lesson.pk) == {student: Mark(is_present, None)}
    assert balances(by, [student])[student] == -PRICE


def test_where_nothing_is_said_nothing_is_done(by, student):
    assert to_settle(by) == []


def test_what_somebody_marked_meanwhile_stays(by, student):
    lesson = Lesson.objects.visible_to(by).get(held_on=date(2025, 5, 12))
    conduct_lesson(by, lesson_id=lesson.pk, absent={student: None})
    settle(by, lesson.pk, "present")
    assert marks_in(by, lesson.pk) == {student: Mark(is_present=False, reason_id=None)}

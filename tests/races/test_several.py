"""Undo of what was done with several, pressed by many at the same instant, and beside who changes the same students."""

from __future__ import annotations

from datetime import date
from functools import partial

from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.leaving import leave_group
from daftar.tuition.pauses import suspend
from daftar.tuition.services import enrol_active
from daftar.tuition.several import return_together, take_back_together
from tests.cast import a_course, a_group, a_student
from tests.races.together import CROWD, at_once, books, kinds

BEGAN, TODAY = date(2025, 5, 1), date(2025, 5, 14)


def three(by, name: str = "first") -> list:
    """Three who are active since May in a group of their own."""
    with tenant_transaction(by.org_id):
        group = a_group(by, a_course(by, name), name, starts_on="2025-05-01")
        students = [a_student(by, f"{who} {name}") for who in ("Aziz", "Bek", "Lola")]
        return [enrol_active(by, student_id=row.pk, group_id=group.pk, starts_on=BEGAN) for row in students]


def test_sixteen_who_press_undo_undo_it_once(by):
    members = three(by)
    with tenant_transaction(by.org_id):
        before = balances(by, [row.student_id for row in members])
        done = return_together(by, enrolment_ids=[row.pk for row in members], from_on=BEGAN)
    answers = at_once(by, [partial(take_back_together, by, done_id=done.id)] * CROWD)
    assert kinds(answers) == {"TakenBackAlready": CROWD - 1, "done": 1}
    with tenant_transaction(by.org_id):
        assert balances(by, [row.student_id for row in members]) == before
    assert books(by) == []


def test_of_undo_and_a_change_at_once_neither_overwrites_the_other(by):
    """Whoever comes second finds what the first did: Undo is refused, or the change is made to what is there again."""
    for turn in range(4):
        members = three(by, f"of turn {turn}")
        with tenant_transaction(by.org_id):
            done = return_together(by, enrolment_ids=[row.pk for row in members], from_on=TODAY)
            trials = [row.pk for row in done.rows]
        undo = partial(take_back_together, by, done_id=done.id)
        pause = partial(suspend, by, student_ids=[members[0].student_id], starts_on=TODAY)
        leave = partial(leave_group, by, enrolment_id=trials[1], last_on=TODAY)
        undone, paused, left = at_once(by, [undo, pause, leave])
        assert not isinstance(paused, Exception)
        if isinstance(undone, Exception):
            assert type(undone).__name__ == "CannotBe"
            assert not isinstance(left, Exception)
        else:
            assert type(left).__name__ == "NotFound", "the trial is gone"
    assert books(by) == []

"""The table of results of a group: who stands in it, averages, shares."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from daftar.attendance.exam_table import exam_table
from daftar.attendance.exams import Entry, add_exam, delete_exam, enter_results
from daftar.attendance.rules import Measure, average_of
from daftar.attendance.scales import add_scale
from daftar.courses.memberships import end_membership
from tests.cast import a_group, a_member, a_student, enrolled

HUNDRED = Measure(Decimal(0), Decimal(100))
LETTERS = Measure.of_words(("A", "B", "C", "F"))


@pytest.fixture
def group(by):
    return a_group(by)


def exam(by, group, name: str, day: int, measure: Measure = HUNDRED, pass_mark: int = 60, **scores):
    scale = add_scale(by, name=name, measure=measure, pass_mark=Decimal(pass_mark))
    row = add_exam(by, group_id=group.pk, name=name, held_on=date(2025, 5, day), scale_id=scale.pk)
    entries = {
        int(pk[1:]): score if isinstance(score, Entry) else Entry(Decimal(score)) for pk, score in scores.items()
    }
    enter_results(by, exam_id=row.pk, entries=entries)
    return row


def test_students_by_exams_with_averages_and_shares(by, group):
    aziz, barno = (a_student(by, name) for name in ("Aziz", "Barno"))
    for student in (aziz, barno):
        enrolled(by, student, group, "2025-05-01")
    first = exam(by, group, "First", 5, **{f"s{aziz.pk}": 81, f"s{barno.pk}": 40})
    second = add_exam(by, group_id=group.pk, name="Second", held_on=date(2025, 5, 12), scale_id=first.scale_id)
    enter_results(by, exam_id=second.pk, entries={aziz.pk: Entry(Decimal(60)), barno.pk: Entry(is_absent=True)})
    found = exam_table(by, group.pk)
    assert [row.name for row in found.exams] == ["First", "Second"]
    assert [(row.name, row.scored, row.passed) for row in found.rows] == [("Aziz", 2, 2), ("Barno", 1, 0)]
    assert [row.average.value for row in found.rows] == [Decimal("70.50"), Decimal(40)]
    assert all(row.average.measure == HUNDRED for row in found.rows)
    assert [(each.share, each.absent) for each in found.outcomes] == [(50, 0), (100, 1)]


def test_who_was_not_there_yet_or_any_more_has_no_place_and_who_has_no_result_has_an_empty_one(by, group):
    left, late = a_student(by, "Left"), a_student(by, "Late")
    row = enrolled(by, left, group, "2025-04-01")
    enrolled(by, late, group, "2025-05-06")
    exam(by, group, "First", 5, **{f"s{left.pk}": 70})
    end_membership(by, enrolment_id=row.pk, last_on=by.today, reason="")
    exam(by, group, "Second", 6)
    found = {each.name: each.entries for each in exam_table(by, group.pk).rows}
    assert found == {"Late": [None, Entry()], "Left": [Entry(Decimal(70)), Entry()]}


def test_a_deleted_exam_is_in_no_column_and_counts_for_nobody(by, group):
    aziz = a_student(by, "Aziz")
    enrolled(by, aziz, group, "2025-05-01")
    exam(by, group, "First", 5, **{f"s{aziz.pk}": 80})
    delete_exam(by, exam_id=exam(by, group, "Second", 6, **{f"s{aziz.pk}": 0}).pk)
    found = exam_table(by, group.pk)
    assert [row.name for row in found.exams] == ["First"]
    assert found.rows[0].average.value == 80


def test_scores_of_different_scales_are_averaged_in_percent_of_their_scales():
    assert average_of([]) is None
    assert average_of([(Decimal(3), LETTERS), (Decimal(4), LETTERS)]) == (Decimal("3.50"), LETTERS)
    # 80 of 0 to 100, and A of four letters: 80 % and 100 %; F is 0 %.
    assert average_of([(Decimal(80), HUNDRED), (Decimal(4), LETTERS)]) == (Decimal(90), None)
    assert average_of([(Decimal(80), HUNDRED), (Decimal(1), LETTERS)]) == (Decimal(40), None)


def test_a_teacher_sees_the_results_of_own_groups_only(by, group):
    exam(by, group, "First", 5)
    teacher = a_member(by, "Bahrom", "teacher")
    assert exam_table(teacher, group.pk).exams == []

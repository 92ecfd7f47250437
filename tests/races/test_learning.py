"""Results of exams and tests, and the order of a course's topics, changed by many at the same instant."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from daftar.attendance import exams
from daftar.attendance.models import ExamResult, TestResult
from daftar.attendance.results_of_tests import Taken, add_test_result
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale, edit_scale
from daftar.courses import topics
from daftar.courses.models import Course, Topic
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import AuditEntry
from tests.cast import a_course, a_group, a_student, enrolled
from tests.races.test_school import rows
from tests.races.together import CROWD, at_once, kinds

# --- results -------------------------------------------------------------------------------------------------------


@pytest.fixture
def exam(by):
    """Sixteen sit it."""
    with tenant_transaction(by.org_id):
        group = a_group(by, starts_on="2025-05-01")
        for place in range(CROWD):
            enrolled(by, a_student(by, f"Student {place}"), group, "2025-05-05")
        scale = add_scale(by, name="Points", measure=Measure(Decimal(0), Decimal(100)), pass_mark=Decimal(60))
        return exams.add_exam(by, group_id=group.pk, name="Mid-term", held_on=date(2025, 5, 12), scale_id=scale.pk)


def sitting(by, exam) -> list[int]:
    with tenant_transaction(by.org_id):
        return [line.student_id for line in exams.results_of(by, exam)]


def entering(by, exam, scores: dict[int, int]):
    entries = {pk: exams.Entry(Decimal(f"{score}.00")) for pk, score in scores.items()}
    return lambda: exams.enter_results(by, exam_id=exam.pk, entries=entries)


def scores(by, exam) -> dict[int, int]:
    return {row.student_id: int(row.score) for row in rows(by, ExamResult, exam=exam)}


def told(by, exam, student_id: int) -> list[tuple[list | None, list]]:
    """What the history says of one result: what it was and what it became."""
    found = rows(by, AuditEntry, verb="attendance.enter_results")
    changes = [entry.changes[0] for entry in found]
    key = str(student_id)
    return [(each["was"]["results"].get(key), each["now"]["results"][key]) for each in changes]


def is_a_chain(steps: list[tuple[list | None, list]]) -> bool:
    """Whether each found what another had made, no two the same, and the first of them nothing."""
    had = [str(was) for was, _now in steps]
    return len(set(had)) == len(steps) and set(had) < {"None", *(str(now) for _was, now in steps)}


def the_last(steps: list[tuple[list | None, list]]) -> list:
    """What nobody found there."""
    (found,) = [now for _was, now in steps if now not in [was for was, _now in steps]]
    return found


def test_sixteen_who_enter_results_of_different_students_lose_none(by, exam):
    ids = sitting(by, exam)
    assert kinds(at_once(by, [entering(by, exam, {pk: place}) for place, pk in enumerate(ids)])) == {"done": CROWD}
    assert scores(by, exam) == {pk: place for place, pk in enumerate(ids)}


def test_of_sixteen_who_enter_one_result_the_last_stays_and_the_history_tells_of_all(by, exam):
    (pk, *_others) = sitting(by, exam)
    assert kinds(at_once(by, [entering(by, exam, {pk: place}) for place in range(CROWD)])) == {"done": CROWD}
    steps = told(by, exam, pk)
    assert len(steps) == CROWD
    assert is_a_chain(steps)
    assert scores(by, exam) == {pk: int(Decimal(the_last(steps)[0]))}


def test_results_entered_in_opposite_orders_wait_for_nobody_for_ever(by, exam):
    ids = sitting(by, exam)
    works = [entering(by, exam, dict.fromkeys(ids[:: 1 if place % 2 else -1], place)) for place in range(CROWD)]
    assert kinds(at_once(by, works)) == {"done": CROWD}
    assert len(set(scores(by, exam).values())) == 1, "all of one hand"


def test_without_the_lock_the_history_of_a_result_would_forget_what_was(by, exam, everybody_looked, monkeypatch):
    """The naive twin: the exam is only read, and nobody writes before everybody has looked."""

    def unlocked(by, exam_id, **_values):
        return exams.Exam.objects.visible_to(by).select_related("group__branch", "scale").get(pk=exam_id)

    def sits(by, row, sitting=exams._sitting):
        found = sitting(by, row)
        everybody_looked.wait()
        return found

    (pk, *_others) = sitting(by, exam)
    monkeypatch.setattr(exams, "_locked", unlocked)
    monkeypatch.setattr(exams, "_sitting", sits)
    assert kinds(at_once(by, [entering(by, exam, {pk: place}) for place in range(CROWD)])) == {"done": CROWD}
    assert not is_a_chain(told(by, exam, pk))


# --- tests --------------------------------------------------------------------------------------------------------


@pytest.fixture
def test(by, exam) -> Taken:
    """On a scale of its own, which nothing has yet."""
    with tenant_transaction(by.org_id):
        scale = add_scale(by, name="Grades", measure=Measure(Decimal(0), Decimal(9)), pass_mark=Decimal(5))
    return Taken("Unit 3", date(2025, 5, 12), scale.pk, Decimal(9), exam.group_id)


def test_of_sixteen_who_enter_the_same_result_one_does(by, exam, test):
    (pk, *_others) = sitting(by, exam)
    works = [lambda: add_test_result(by, student_id=pk, test=test)] * CROWD
    assert kinds(at_once(by, works)) == {"done": 1, "TestThere": CROWD - 1}
    assert len(rows(by, TestResult)) == 1


@pytest.mark.parametrize("turn", range(5))
def test_no_score_lies_outside_a_scale_that_is_shaped_while_it_is_entered(by, exam, test, turn):
    """Whoever comes first decides: the other is told that it is used, or that the score is none of it."""
    (pk, *_others) = sitting(by, exam)
    smaller = {"measure": Measure(Decimal(0), Decimal(5)), "pass_mark": Decimal(3)}
    works = [
        lambda: add_test_result(by, student_id=pk, test=test),
        lambda: edit_scale(by, scale_id=test.scale_id, name="Fives", **smaller),
    ]
    told = kinds(at_once(by, works[:: -1 if turn % 2 else 1]))
    assert told in ({"done": 1, "ScaleIsUsed": 1}, {"done": 1, "ScoreOutside": 1})


# --- topics ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def plan(by) -> list[Topic]:
    with tenant_transaction(by.org_id):
        lines = "\n".join(f"Topic {place}" for place in range(1, CROWD + 1))
        return topics.add_topics(by, course_id=a_course(by).pk, lines=lines)


def order(by) -> list[int | None]:
    return sorted(row.place for row in rows(by, Topic, place__isnull=False))


def test_sixteen_topics_moved_at_once_stand_in_one_row_each_once(by, plan):
    works = [
        lambda row=row, place=place: topics.move_topic(by, topic_id=row.pk, place=CROWD - place)
        for place, row in enumerate(plan)
    ]
    for _round in range(3):
        assert kinds(at_once(by, works)) == {"done": CROWD}
        assert order(by) == list(range(1, CROWD + 1))


def test_one_topic_moved_by_sixteen_stands_where_the_last_put_it(by, plan):
    works = [lambda place=place: topics.move_topic(by, topic_id=plan[0].pk, place=place) for place in range(1, 17)]
    assert kinds(at_once(by, works)) == {"done": CROWD}
    others = [row.pk for row in sorted(rows(by, Topic), key=lambda row: row.place) if row.pk != plan[0].pk]
    assert others == [row.pk for row in plan[1:]], "the others keep their order"
    assert order(by) == list(range(1, CROWD + 1))


def test_topics_moved_added_archived_and_brought_back_at_once_leave_no_gap(by, plan):
    course_id = plan[0].course_id
    with tenant_transaction(by.org_id):
        for row in plan[12:]:
            topics.archive_topic(by, topic_id=row.pk)
    works = [lambda row=row: topics.move_topic(by, topic_id=row.pk, place=1) for row in plan[:4]]
    works += [lambda row=row: topics.archive_topic(by, topic_id=row.pk) for row in plan[4:8]]
    works += [lambda row=row: topics.restore_topic(by, topic_id=row.pk, place=2) for row in plan[12:]]
    works += [lambda n=n: topics.add_topics(by, course_id=course_id, lines=f"New {n}\nMore {n}") for n in range(4)]
    assert kinds(at_once(by, works)) == {"done": CROWD}
    assert order(by) == list(range(1, 12 - 4 + 4 + 8 + 1))


def test_without_the_lock_topics_moved_at_once_would_break_the_row(by, plan, everybody_looked, monkeypatch):
    """The naive twin: nobody waits at the course, and nobody moves before everybody has looked."""

    def unlocked(by, course_id):
        return Course.objects.visible_to(by).get(pk=course_id)

    def last(by, course_id, find=topics._last_place):
        found = find(by, course_id)
        everybody_looked.wait()
        return found

    monkeypatch.setattr(topics, "_locked_course", unlocked)
    monkeypatch.setattr(topics, "_last_place", last)
    works = [lambda row=row: topics.move_topic(by, topic_id=row.pk, place=1) for row in plan]
    answers = kinds(at_once(by, works))
    assert answers != {"done": CROWD} or order(by) != list(range(1, CROWD + 1))

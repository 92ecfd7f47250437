"""Exams of a group: their scales, who sits them, what is entered, and who may."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from daftar.attendance.exams import (
    Entry,
    ExamAhead,
    ExamHasResults,
    ExamIsDeleted,
    ExamOutsideGroup,
    ExamThere,
    NotInExam,
    ResultsStay,
    ScaleIsArchived,
    ScoreNotOfScale,
    add_exam,
    delete_exam,
    edit_exam,
    enter_results,
    exams_of_group,
    exams_of_student,
    get_exam,
    restore_exam,
    results_of,
    undo_results,
)
from daftar.attendance.models import ExamResult
from daftar.attendance.rules import Measure
from daftar.attendance.scales import (
    PassMarkOutside,
    ScaleIsUsed,
    ScaleNameTaken,
    WordsTwice,
    add_scale,
    archive_scale,
    edit_scale,
    restore_scale,
    scales,
)
from daftar.courses.topics import add_topics
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry
from daftar.tuition.pauses import suspend
from tests.cast import a_centre, a_course, a_group, a_member, a_student, at, enrolled

POINTS = Measure(Decimal(0), Decimal(100))
DAY = date(2025, 5, 12)


@pytest.fixture
def scale(by):
    return add_scale(by, name="Points", measure=POINTS, pass_mark=Decimal(60))


@pytest.fixture
def group(by):
    return a_group(by, starts_on="2025-05-01")


@pytest.fixture
def students(by, group) -> list[int]:
    rows = [a_student(by, name) for name in ("Aziz", "Bek", "Lola")]
    for row in rows:
        enrolled(by, row, group, "2025-05-05")
    return [row.pk for row in rows]


@pytest.fixture
def exam(by, group, scale, students):
    return add_exam(by, group_id=group.pk, name="Midterm", held_on=DAY, scale_id=scale.pk)


def kept(by, exam) -> dict[str, Entry]:
    return {line.name: line.entry for line in results_of(by, exam)}


# --- scales -------------------------------------------------------------------------------------------------------


def test_a_scale_is_of_numbers_or_of_words(by, scale):
    letters = add_scale(by, name="Letters", measure=Measure.of_words(("A", "B", "F")), pass_mark=Decimal(2))
    assert (letters.measure.words, letters.highest) == (("A", "B", "F"), 3)
    assert [row.name for row in scales(by)] == ["Letters", "Points"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": "Points"}, ScaleNameTaken), ({"pass_mark": Decimal(101)}, PassMarkOutside),
        ({"pass_mark": Decimal("60.5")}, PassMarkOutside), ({"measure": Measure.of_words(("A", "a"))}, WordsTwice),
    ],
)  # fmt: skip
def test_a_scale_that_cannot_be_is_refused(by, scale, changes, refusal):
    with pytest.raises(refusal):
        add_scale(by, **{"name": "New", "measure": POINTS, "pass_mark": Decimal(60)} | changes)


def test_a_scale_that_exams_have_keeps_its_scores(by, scale, exam):
    with pytest.raises(ScaleIsUsed):
        edit_scale(
            by, scale_id=scale.pk, name="Points", measure=Measure(Decimal(0), Decimal(50)), pass_mark=Decimal(30)
        )
    edit_scale(by, scale_id=scale.pk, name="Hundred", measure=POINTS, pass_mark=Decimal(70))
    exam.refresh_from_db()
    assert exam.pass_mark == 60, "an exam keeps the pass mark it was written with"


def test_a_scale_in_the_archive_is_offered_for_no_new_exam(by, scale, exam, group):
    archive_scale(by, scale_id=scale.pk)
    with pytest.raises(ScaleIsArchived):
        add_exam(by, group_id=group.pk, name="Final", held_on=DAY, scale_id=scale.pk)
    edit_exam(by, exam_id=exam.pk, name="Midterm 1", held_on=DAY, scale_id=scale.pk)
    restore_scale(by, scale_id=scale.pk)
    add_exam(by, group_id=group.pk, name="Final", held_on=DAY, scale_id=scale.pk)


def test_only_who_may_shapes_scales(by):
    with pytest.raises(Forbidden):
        add_scale(a_member(by, "Tohir", "teacher"), name="Mine", measure=POINTS, pass_mark=Decimal(1))


# --- exams --------------------------------------------------------------------------------------------------------


def test_an_exam_may_have_a_pass_mark_and_a_topic_of_its_own(by, group, scale):
    (topic,) = add_topics(by, course_id=group.course_id, lines="Unit 1")
    values = {"name": " Quiz ", "held_on": DAY, "scale_id": scale.pk, "plan_topic_id": topic.pk}
    row = add_exam(by, group_id=group.pk, pass_mark=Decimal(45), **values)
    assert (row.name, row.pass_mark, row.plan_topic_id) == ("Quiz", 45, topic.pk)
    with pytest.raises(PassMarkOutside):
        edit_exam(by, exam_id=row.pk, pass_mark=Decimal(1000), **values)
    (elsewhere,) = add_topics(by, course_id=a_course(by, "Maths").pk, lines="Sums")
    with pytest.raises(NotFound):
        edit_exam(by, exam_id=row.pk, **values | {"plan_topic_id": elsewhere.pk})


def test_one_exam_of_a_name_and_day_and_only_in_the_life_of_the_group(by, group, scale, exam):
    with pytest.raises(ExamThere):
        add_exam(by, group_id=group.pk, name="Midterm", held_on=DAY, scale_id=scale.pk)
    with pytest.raises(ExamOutsideGroup):
        add_exam(by, group_id=group.pk, name="Midterm", held_on=date(2025, 4, 30), scale_id=scale.pk)


def test_a_deleted_exam_is_in_no_list_and_comes_back_with_its_results(by, group, exam, students):
    enter_results(by, exam_id=exam.pk, entries={students[0]: Entry(Decimal(80))})
    delete_exam(by, exam_id=exam.pk)
    assert exams_of_group(by, group.pk) == []
    assert exams_of_student(by, students[0]) == []
    with pytest.raises(ExamIsDeleted):
        enter_results(by, exam_id=exam.pk, entries={})
    restore_exam(by, exam_id=exam.pk)
    assert kept(by, exam)["Aziz"].score == 80


def test_a_deleted_exam_does_not_come_back_beside_its_twin(by, group, scale, exam):
    delete_exam(by, exam_id=exam.pk)
    add_exam(by, group_id=group.pk, name="Midterm", held_on=DAY, scale_id=scale.pk)
    with pytest.raises(ExamThere):
        restore_exam(by, exam_id=exam.pk)


# --- results ------------------------------------------------------------------------------------------------------


def test_results_are_entered_corrected_and_taken_back_and_the_history_says_it(by, exam, students):
    aziz, bek, lola = students
    first = {aziz: Entry(Decimal(80), comment="fine"), bek: Entry(is_absent=True), lola: Entry(comment="comes late")}
    enter_results(by, exam_id=exam.pk, entries=first)
    enter_results(by, exam_id=exam.pk, entries={aziz: Entry(Decimal(59)), lola: Entry()})
    assert kept(by, exam) == {"Aziz": Entry(Decimal(59)), "Bek": Entry(is_absent=True), "Lola": Entry()}
    assert ExamResult.objects.visible_to(by).count() == 2
    told = AuditEntry.objects.visible_to(by).order_by("-id")[0].changes[0]
    assert told["was"]["results"] == {
        str(aziz): ["80.00", False, "fine"], str(lola): [None, False, "comes late"],
    }  # fmt: skip
    assert told["now"]["results"] == {str(aziz): ["59", False, ""], str(lola): [None, False, ""]}


def test_what_was_entered_last_is_taken_back_within_ten_minutes_by_who_entered_it(by, exam, students):
    aziz, lola = students[:2]
    first = enter_results(by, exam_id=exam.pk, entries={aziz: Entry(Decimal(50), comment="late")})
    was = {row.student_id: row.entry for row in results_of(by, first)}
    enter_results(by, exam_id=exam.pk, entries={aziz: Entry(Decimal(90)), lola: Entry(is_absent=True)})
    with pytest.raises(ResultsStay):
        undo_results(a_member(by, "Malika", "owner"), exam_id=exam.pk)
    with pytest.raises(ResultsStay):
        undo_results(replace(by, at=by.at + timedelta(minutes=11)), exam_id=exam.pk)
    undo_results(by, exam_id=exam.pk)
    assert {row.student_id: row.entry for row in results_of(by, exam)} == was
    assert ExamResult.objects.visible_to(by).get().comment == "late"
    with pytest.raises(ResultsStay):
        undo_results(by, exam_id=exam.pk)


def test_what_says_the_same_again_is_no_deed(by, exam, students):
    enter_results(by, exam_id=exam.pk, entries={students[0]: Entry(Decimal(80))})
    before = AuditEntry.objects.visible_to(by).count()
    enter_results(by, exam_id=exam.pk, entries={students[0]: Entry(Decimal("80.00")), students[1]: Entry()})
    assert AuditEntry.objects.visible_to(by).count() == before


def test_who_is_not_named_keeps_the_result_another_entered(by, exam, students):
    enter_results(by, exam_id=exam.pk, entries={students[0]: Entry(Decimal(80))})
    enter_results(by, exam_id=exam.pk, entries={students[1]: Entry(Decimal(70))})
    assert kept(by, exam)["Aziz"].score == 80


def test_the_list_counts_who_passed_the_average_and_the_share(by, group, exam, students):
    scores = zip(students, (80, 60, 41), strict=True)
    enter_results(by, exam_id=exam.pk, entries={pk: Entry(Decimal(score)) for pk, score in scores})
    (line,) = exams_of_group(by, group.pk)
    assert (line.outcome.scored, line.outcome.passed, line.outcome.share) == (3, 2, 67)
    assert round(line.outcome.average, 2) == Decimal("60.33")
    edit_exam(by, exam_id=exam.pk, name="Midterm", held_on=DAY, scale_id=exam.scale_id, pass_mark=Decimal(81))
    assert exams_of_group(by, group.pk)[0].outcome.passed == 0, "who passed follows the pass mark"


def test_nothing_is_saved_where_one_score_is_not_of_the_scale_or_one_student_not_of_the_exam(by, exam, students):
    stranger = a_student(by, "Stranger").pk
    right = {students[0]: Entry(Decimal(80))}
    with pytest.raises(ScoreNotOfScale):
        enter_results(by, exam_id=exam.pk, entries=right | {students[1]: Entry(Decimal(101))})
    with pytest.raises(NotInExam):
        enter_results(by, exam_id=exam.pk, entries=right | {stranger: Entry(Decimal(80))})
    assert ExamResult.objects.visible_to(by).count() == 0


def test_an_exam_that_lies_ahead_has_no_results(by, group, scale, students):
    ahead = add_exam(by, group_id=group.pk, name="Final", held_on=date(2025, 5, 15), scale_id=scale.pk)
    with pytest.raises(ExamAhead):
        enter_results(by, exam_id=ahead.pk, entries={students[0]: Entry(Decimal(80))})
    enter_results(at(by, "2025-05-15"), exam_id=ahead.pk, entries={students[0]: Entry(Decimal(80))})


def test_who_pauses_on_the_day_does_not_sit_it(by, exam, students):
    suspend(by, student_ids=[students[2]], starts_on=DAY, last_on=DAY)
    assert set(kept(by, exam)) == {"Aziz", "Bek"}


def test_the_scale_of_an_exam_with_results_stays(by, exam, students):
    other = add_scale(by, name="Halves", measure=Measure(Decimal(0), Decimal(9), Decimal("0.5")), pass_mark=Decimal(5))
    values = {"exam_id": exam.pk, "name": "Midterm", "held_on": DAY, "scale_id": other.pk}
    assert edit_exam(by, **values).pass_mark == 5
    enter_results(by, exam_id=exam.pk, entries={students[0]: Entry(Decimal("7.5"))})
    with pytest.raises(ExamHasResults):
        edit_exam(by, **values | {"scale_id": exam.scale_id})


def test_absent_with_a_score_is_refused_by_the_database(by, exam, students):
    with pytest.raises(IntegrityError, match="result_of_who_was_there"), transaction.atomic():
        ExamResult.objects.create(
            org_id=by.org_id, exam=exam, student_id=students[0], score=1, is_absent=True, entered_at=by.at
        )


# --- who may --------------------------------------------------------------------------------------------------------


def test_a_teacher_writes_exams_of_own_groups_only(by, exam, group, scale, students):
    teacher = a_member(by, "Tohir", "teacher")
    for ask in (
        lambda: get_exam(teacher, exam.pk),
        lambda: enter_results(teacher, exam_id=exam.pk, entries={students[0]: Entry(Decimal(80))}),
        lambda: add_exam(teacher, group_id=group.pk, name="Mine", held_on=DAY, scale_id=scale.pk),
    ):
        with pytest.raises(NotFound):
            ask()
    own = a_group(by, name="Own", starts_on="2025-05-01", course=group.course, teacher_id=teacher.member_id)
    enrolled(by, a_student(by, "Nodir"), own, "2025-05-05")
    row = add_exam(teacher, group_id=own.pk, name="Mine", held_on=DAY, scale_id=scale.pk)
    assert [line.name for line in results_of(teacher, row)] == ["Nodir"]


def test_a_cashier_sees_exams_and_writes_none(by, exam, students):
    cashier = a_member(by, "Karim", "cashier")
    assert get_exam(cashier, exam.pk).name == "Midterm"
    with pytest.raises(Forbidden):
        enter_results(cashier, exam_id=exam.pk, entries={})


def test_a_neighbour_and_another_branch_find_no_exam(by, exam):
    with pytest.raises(NotFound):
        get_exam(a_centre("other"), exam.pk)
    with pytest.raises(NotFound):
        get_exam(replace(by, branch_ids=frozenset({0})), exam.pk)

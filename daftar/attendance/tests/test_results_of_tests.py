"""Results of tests that are no exams: of whom, by which scale, who enters and who sees them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from daftar.attendance.exams import ScaleIsArchived
from daftar.attendance.models import TestResult
from daftar.attendance.results_of_tests import (
    ScoreOutside,
    Taken,
    TestAhead,
    TestIsDeleted,
    TestOfNoGroup,
    TestThere,
    TestWithoutName,
    add_test_result,
    delete_test_result,
    edit_test_result,
    get_test_result,
    learners_of,
    may_take,
    restore_test_result,
    taken_by,
    taken_in,
)
from daftar.attendance.rules import Measure
from daftar.attendance.scales import ScaleIsUsed, add_scale, archive_scale, edit_scale
from daftar.courses.models import Enrolment
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry, Member, Role
from tests.cast import a_centre, a_course, a_group, a_member, a_student, acting, enrolled

POINTS = Measure(Decimal(0), Decimal(100))
DAY = date(2025, 5, 12)


@pytest.fixture
def scale(by):
    return add_scale(by, name="Points", measure=POINTS, pass_mark=Decimal(60))


@pytest.fixture
def teacher(by):
    return a_member(by, "Nodira", "teacher")


@pytest.fixture
def group(by, teacher):
    course = a_course(by, "General", subject="English")
    return a_group(by, course, starts_on="2025-05-01", teacher_id=teacher.member_id)


@pytest.fixture
def student(by, group):
    row = a_student(by, "Aziz")
    enrolled(by, row, group, "2025-05-05")
    return row


@pytest.fixture
def test(scale, group) -> Taken:
    return Taken("Unit 3", DAY, scale.pk, Decimal(72), group.pk)


@pytest.fixture
def row(by, student, test):
    return add_test_result(by, student_id=student.pk, test=test)


def names(rows) -> list[str]:
    return [row.name for row in rows]


def test_a_result_stands_on_the_card_and_in_the_group_with_the_subject_of_its_course(by, row, student, group):
    assert names(taken_by(by, student.pk)) == names(taken_in(by, group.pk)) == ["Unit 3"]
    assert (row.score, row.subject, row.member_id) == (Decimal(72), "English", by.member_id)
    (entry,) = AuditEntry.objects.visible_to(by).filter(verb="attendance.add_test_result")
    assert entry.subject == f"testresult:{row.pk}"


def test_a_result_of_no_group_has_a_subject_of_its_own_and_stands_on_the_card_only(by, student, test, group):
    add_test_result(by, student_id=student.pk, test=replace(test, group_id=None, subject="German"))
    assert [row.subject for row in taken_by(by, student.pk)] == ["German"]
    assert taken_in(by, group.pk) == []


def test_somebody_who_is_in_no_group_yet_can_be_tested(by, test):
    newcomer = a_student(by, "Bek")
    assert may_take(by, newcomer.pk)[1] == []
    row = add_test_result(by, student_id=newcomer.pk, test=replace(test, group_id=None))
    assert names(taken_by(by, newcomer.pk)) == [row.name]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": " "}, TestWithoutName), ({"taken_on": date(2025, 5, 15)}, TestAhead),
        ({"score": Decimal(101)}, ScoreOutside), ({"score": Decimal("0.5")}, ScoreOutside),
        ({"group_id": 0}, TestOfNoGroup), ({"teacher_id": 0}, NotFound), ({"scale_id": 0}, NotFound),
    ],
)  # fmt: skip
def test_a_result_that_cannot_be_is_refused(by, student, test, changes, refusal):
    with pytest.raises(refusal):
        add_test_result(by, student_id=student.pk, test=replace(test, **changes))
    assert taken_by(by, student.pk) == []


def test_a_test_of_today_is_no_test_ahead(by, student, test):
    add_test_result(by, student_id=student.pk, test=replace(test, taken_on=by.today))


def test_a_group_the_student_was_never_in_is_refused(by, student, test):
    other = a_group(by, None, "Elsewhere", starts_on="2025-05-01")
    with pytest.raises(TestOfNoGroup):
        add_test_result(by, student_id=student.pk, test=replace(test, group_id=other.pk))


def test_the_same_test_of_a_day_is_entered_once(by, row, student, test):
    with pytest.raises(TestThere):
        add_test_result(by, student_id=student.pk, test=test)
    again = add_test_result(by, student_id=student.pk, test=replace(test, taken_on=date(2025, 5, 13)))
    with pytest.raises(TestThere):
        edit_test_result(by, test_id=again.pk, test=test)
    with pytest.raises(IntegrityError), transaction.atomic():
        TestResult.objects.visible_to(by).filter(pk=again.pk).update(taken_on=DAY)


def test_a_result_is_changed_and_the_history_says_what_it_was(by, row, test):
    edit_test_result(by, test_id=row.pk, test=replace(test, score=Decimal(80), comment="recounted"))
    row.refresh_from_db()
    assert (row.score, row.comment) == (Decimal(80), "recounted")
    (entry,) = AuditEntry.objects.visible_to(by).filter(verb="attendance.edit_test_result")
    assert entry.changes[0]["was"]["score"] == "72.00"


@pytest.mark.parametrize("is_teacher", [False, True])
def test_a_result_keeps_its_group_when_the_membership_was_taken_back(
    by, teacher, row, student, group, test, is_teacher
):
    Enrolment.objects.visible_to(by).filter(student=student).delete()
    edit_test_result(teacher if is_teacher else by, test_id=row.pk, test=replace(test, score=Decimal(80)))
    assert [(each.score, each.group_id) for each in taken_in(by, group.pk)] == [(Decimal(80), group.pk)]


def test_a_deleted_result_leaves_all_lists_and_comes_back(by, row, student, group, test):
    delete_test_result(by, test_id=row.pk)
    assert taken_by(by, student.pk) == taken_in(by, group.pk) == []
    with pytest.raises(TestIsDeleted):
        edit_test_result(by, test_id=row.pk, test=test)
    restore_test_result(by, test_id=row.pk)
    assert names(taken_in(by, group.pk)) == ["Unit 3"]
    delete_test_result(by, test_id=row.pk)
    add_test_result(by, student_id=student.pk, test=test)
    with pytest.raises(TestThere):
        restore_test_result(by, test_id=row.pk)


def test_a_scale_that_tests_have_keeps_its_scores_and_is_offered_for_no_new_one_from_the_archive(
    by, row, scale, student, test
):
    with pytest.raises(ScaleIsUsed):
        edit_scale(by, scale_id=scale.pk, name="Points", measure=Measure(Decimal(0), Decimal(9)), pass_mark=Decimal(1))
    archive_scale(by, scale_id=scale.pk)
    edit_test_result(by, test_id=row.pk, test=replace(test, score=Decimal(1)))
    old = add_scale(by, name="Old", measure=POINTS, pass_mark=Decimal(60))
    archive_scale(by, scale_id=old.pk)
    for deed in (
        lambda: add_test_result(by, student_id=student.pk, test=replace(test, name="Unit 4")),
        lambda: edit_test_result(by, test_id=row.pk, test=replace(test, scale_id=old.pk)),
    ):
        with pytest.raises(ScaleIsArchived):
            deed()


def test_a_teacher_enters_results_of_own_groups_only(by, teacher, student, test, group):
    alone = add_test_result(by, student_id=student.pk, test=replace(test, name="Entry", group_id=None))
    row = add_test_result(teacher, student_id=student.pk, test=test)
    assert learners_of(teacher, group.pk) == [(student.pk, "Aziz")]
    assert names(taken_in(teacher, group.pk)) == ["Unit 3"]
    edit_test_result(teacher, test_id=row.pk, test=replace(test, score=Decimal(9)))
    with pytest.raises(TestOfNoGroup):
        add_test_result(teacher, student_id=student.pk, test=replace(test, name="Other", group_id=None))
    with pytest.raises(NotFound):
        get_test_result(teacher, alone.pk)
    other = a_student(by, "Lola")
    enrolled(by, other, a_group(by, None, "Not hers", starts_on="2025-05-01"), "2025-05-05")
    with pytest.raises(NotFound):
        add_test_result(teacher, student_id=other.pk, test=test)


def test_who_sees_all_students_and_own_groups_only_changes_results_of_these_and_of_no_group(by, student, test, teacher):
    role = Role.objects.visible_to(by).get(code="teacher")
    role.permissions = [*role.permissions, "people.view"]
    role.save()
    sees = acting(by, Member.objects.visible_to(by).get(pk=a_member(by, "Salim", "teacher").member_id))
    assert sees.may("people.view")
    add_test_result(by, student_id=student.pk, test=test)
    alone = add_test_result(by, student_id=student.pk, test=replace(test, name="Entry", group_id=None))
    assert {each.name: each.is_theirs for each in taken_by(sees, student.pk)} == {"Unit 3": False, "Entry": True}
    edit_test_result(sees, test_id=alone.pk, test=replace(test, name="Placement", group_id=None))
    (theirs,) = taken_in(by, test.group_id)
    with pytest.raises(NotFound):
        delete_test_result(sees, test_id=theirs.pk)
    delete_test_result(teacher, test_id=theirs.pk)


def test_a_course_without_a_subject_leaves_the_one_that_was_chosen(by, scale, test):
    student, group = a_student(by, "Bek"), a_group(by, a_course(by, "Plain"), "Plain", starts_on="2025-05-01")
    enrolled(by, student, group, "2025-05-05")
    row = add_test_result(by, student_id=student.pk, test=replace(test, group_id=group.pk, subject="German"))
    assert row.subject == "German"


def test_who_may_not_enter_results_does_not_and_a_neighbour_sees_none(by, row, student, group, test):
    cashier = a_member(by, "Karim", "cashier")
    with pytest.raises(Forbidden):
        add_test_result(cashier, student_id=student.pk, test=test)
    other = a_centre("other")
    assert taken_by(other, student.pk) == taken_in(other, group.pk) == learners_of(other, group.pk) == []
    for deed in (get_test_result, lambda by, pk: delete_test_result(by, test_id=pk)):
        with pytest.raises(NotFound):
            deed(other, row.pk)

"""Places and lessons: sixteen want the same one at the same instant."""

from __future__ import annotations

import threading
from datetime import date, time

import pytest

from daftar.attendance.models import Attendance
from daftar.attendance.services import Conducted, conduct_lesson
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.moves import Staffing, move_lesson
from daftar.courses.rules import ODD, PlanKind
from daftar.courses.schedules import Schedule
from daftar.courses.services import (
    check_joining,
    edit_group,
    enrol_student,
    plan_lesson,
    undo_enrolment,
)
from daftar.finance.models import Desk, Payment
from daftar.finance.services import reverse_payment, take_payment
from daftar.ledger.models import Transfer
from daftar.lib.errors import NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import activate, enrol_active, reconcile
from tests.cast import a_course, a_group, a_student, enrolled
from tests.races.test_rights import wait_for_a_lock
from tests.races.together import CROWD, at_once, books, kinds

PRICE = 5_000_000


@pytest.fixture
def students(by):
    with tenant_transaction(by.org_id):
        return [a_student(by, f"Student {place}") for place in range(CROWD)]


def the_group(by, **values):
    with tenant_transaction(by.org_id):
        course = a_course(by, values.pop("name", "Lessons"), plan=PlanKind.PER_LESSON, price=PRICE)
        return a_group(by, course, course.name, starts_on="2025-05-01", **values)


def rows(by, model, **conditions) -> list:
    with tenant_transaction(by.org_id):
        return list(model.objects.visible_to(by).filter(**conditions).order_by("id"))


# --- the last place ---------------------------------------------------------------------------------------------


def joining(by, student, group):
    return lambda: enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=by.today)


@pytest.mark.parametrize("free", [1, 3])
def test_sixteen_for_the_last_places_fill_them_and_no_more(by, students, free):
    group = the_group(by, capacity=free)
    answers = at_once(by, [joining(by, student, group) for student in students])
    assert kinds(answers) == {"done": free, "GroupIsFull": CROWD - free}
    assert len(rows(by, Enrolment, group=group)) == free


def test_a_place_counted_without_the_lock_would_be_given_to_everybody(by, students, everybody_looked):
    """The naive twin: the same check, then the same row, but the group is only read."""
    group = the_group(by, capacity=1)

    def naively(student) -> None:
        check_joining(by, group, student, by.today, None)
        everybody_looked.wait()
        Enrolment.objects.create(org_id=by.org_id, student=student, group=group, starts_on=by.today)

    at_once(by, [lambda student=student: naively(student) for student in students])
    assert len(rows(by, Enrolment, group=group)) == CROWD


def test_one_student_enrolled_by_sixteen_is_enrolled_once(by, students):
    group = the_group(by)
    answers = at_once(by, [joining(by, students[0], group)] * CROWD)
    assert kinds(answers) == {"done": 1, "AlreadyEnrolled": CROWD - 1}


def test_one_enrolment_is_activated_once(by, students):
    group = the_group(by)
    with tenant_transaction(by.org_id):
        enrolment = enrolled(by, students[0], group, "2025-05-05")
    works = [lambda: activate(by, enrolment_id=enrolment.pk, activated_on=by.today)] * CROWD
    assert kinds(at_once(by, works)) == {"done": 1, "AlreadyActive": CROWD - 1}


# --- one lesson -------------------------------------------------------------------------------------------------


@pytest.fixture
def taught(by, students):
    """A group of six active students, with its lessons up to today."""
    group = the_group(by)
    with tenant_transaction(by.org_id):
        for student in students[:6]:
            enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 1))
    return group


def lessons_of(by, group) -> list[Lesson]:
    return rows(by, Lesson, group=group, held_on__lte=by.today)


def net_charges(by) -> dict[str, int]:
    """What each charge key comes to, reversals taken off."""
    found: dict[str, int] = {}
    for row in rows(by, Transfer, charge_key__isnull=False):
        found[row.charge_key] = found.get(row.charge_key, 0) + (row.amount if row.kind == "charge" else -row.amount)
    return {key: total for key, total in found.items() if total}


def teaching(by, lesson, absent, topic=""):
    return lambda: conduct_lesson(
        by, lesson_id=lesson.pk, absent=dict.fromkeys(absent), topic=topic, because="Paper journal"
    )


def test_a_lesson_conducted_by_sixteen_reads_as_one_of_them_wrote_it(by, taught, students):
    ids = [student.pk for student in students[:6]]
    for lesson in lessons_of(by, taught)[:3]:
        wrote = {f"t{n}": set(ids[: n % 4]) for n in range(CROWD)}
        answers = at_once(by, [teaching(by, lesson, absent, topic) for topic, absent in wrote.items()])
        assert kinds(answers) == {"done": CROWD}
        (now,) = rows(by, Lesson, pk=lesson.pk)
        marks = {row.student_id: row.is_present for row in rows(by, Attendance, lesson=lesson)}
        assert marks == {pk: pk not in wrote[now.topic] for pk in ids}
    charges = net_charges(by)
    assert len(charges) == 3 * len(ids)  # an absence without a reason is charged too
    assert set(charges.values()) == {PRICE}
    assert books(by) == []


def test_lessons_marked_while_their_students_are_reconciled_are_charged_once(by, taught, students):
    ids = [student.pk for student in students[:6]]
    lessons = lessons_of(by, taught)[:4]
    works = [teaching(by, lesson, ids[:1]) for lesson in lessons]
    works += [lambda order=order: reconcile(by, student_ids=order) for order in (ids, ids[::-1], ids[2:])] * 4
    assert kinds(at_once(by, works)) == {"done": CROWD}
    assert set(net_charges(by).values()) == {PRICE}
    assert len(net_charges(by)) == len(lessons) * len(ids), "law 9"
    with tenant_transaction(by.org_id):
        assert reconcile(by, student_ids=ids) == 0, "law 1"
    assert books(by) == []


# --- everything at once -----------------------------------------------------------------------------------------


def test_a_busy_moment_deadlocks_nobody(by, taught, students):
    """Payments, reversals, lessons, corrections, joinings and recounts, all on the same six students."""
    ids, lessons = [student.pk for student in students[:6]], lessons_of(by, taught)
    (desk,) = rows(by, Desk)[:1]
    with tenant_transaction(by.org_id):
        paid = [
            take_payment(by, student_id=pk, desk_id=desk.pk, amount=PRICE, paid_on=by.today, key=f"before {pk}")
            for pk in ids
        ]
        reconcile(by, student_ids=ids)
        conduct_lesson(by, lesson_id=lessons[0].pk, absent={})
    other = the_group(by, name="Other")

    def pay(place):
        return take_payment(
            by, student_id=ids[place], desk_id=desk.pk, amount=PRICE, paid_on=by.today, key=f"now {place}"
        )

    works = [lambda place=place: pay(place) for place in range(5)]
    works += [lambda row=row: reverse_payment(by, payment_id=row.pk, reason="mistake") for row in paid[:3]]
    works += [teaching(by, lessons[0], ids[3:]), teaching(by, lessons[1], ids[:2]), teaching(by, lessons[2], ids)]
    works += [joining(by, student, other) for student in students[4:7]]
    works += [lambda: reconcile(by, student_ids=ids), lambda: reconcile(by, student_ids=ids[::-1])]
    assert kinds(at_once(by, works)) == {"done": len(works)}
    assert sorted(row.number for row in rows(by, Payment)) == list(range(1, 12))
    assert set(net_charges(by).values()) == {PRICE}
    assert len(net_charges(by)) == 3 * len(ids)
    assert books(by) == []


# --- a group edited meanwhile -------------------------------------------------------------------------------------


def editing(by, group, name, *, weekdays=ODD, last_on="2026-03-01"):
    return lambda: edit_group(
        by, group_id=group.pk, name=name, starts_on=group.starts_on, last_on=date.fromisoformat(last_on),
        schedule=Schedule(weekdays, time(14, 0)), teacher_id=None, room_id=None, capacity=None,
    )  # fmt: skip


def test_a_group_edited_while_its_students_are_activated_deadlocks_nobody(by, students):
    """The new subscription's key wants the group's row when everything else is locked already."""
    for number in range(3):
        group = the_group(by, name=f"G{number}")
        with tenant_transaction(by.org_id):
            made = [enrolled(by, student, group, "2025-05-05") for student in students[:12]]
            reconcile(by, student_ids=[student.pk for student in students])
        works = [lambda pk=row.pk: activate(by, enrolment_id=pk, activated_on=by.today) for row in made]
        works += [editing(by, group, f"G{number}{n}") for n in range(4)]
        assert kinds(at_once(by, works)) == {"done": CROWD}


def test_a_lesson_conducted_while_its_day_is_given_up_stays_or_goes_as_a_whole(by, students):
    """Whoever comes first wins; the other one is told, and nobody meets a broken rule of the database."""
    for number in range(6):
        group = the_group(by, name=f"G{number}")
        with tenant_transaction(by.org_id):
            enrol_active(by, student_id=students[number].pk, group_id=group.pk, starts_on=date(2025, 5, 1))
        today = lessons_of(by, group)[-1]
        assert today.held_on == by.today
        taught, edited = at_once(by, [teaching(by, today, []), editing(by, group, group.name, weekdays=(2, 4))])
        assert not isinstance(edited, Exception), edited
        assert isinstance(taught, Conducted | NotFound), taught
        marks = rows(by, Attendance, lesson_id=today.pk)
        assert len(marks) == len(rows(by, Lesson, pk=today.pk)) == isinstance(taught, Conducted)
    assert books(by) == []


def test_a_trial_is_not_taken_back_while_its_first_lesson_is_being_conducted(by):
    """The marks are not committed yet when Undo is pressed."""
    with tenant_transaction(by.org_id):
        group, student = a_group(by, starts_on="2025-05-12"), a_student(by)
        trial = enrolled(by, student, group, "2025-05-14")
        lesson = Lesson.objects.visible_to(by).get(group=group, held_on="2025-05-14")
    answers = []
    undoing = threading.Thread(
        target=lambda: answers.extend(at_once(by, [lambda: undo_enrolment(by, enrolment_id=trial.pk)]))
    )
    with tenant_transaction(by.org_id):
        conduct_lesson(by, lesson_id=lesson.pk, absent={})
        undoing.start()
        wait_for_a_lock()
    undoing.join()
    assert kinds(answers) == {"EnrolmentCounts": 1}


# --- one room, one teacher ------------------------------------------------------------------------------------------


def rooms_wanted(by, *, blocks: bool) -> tuple[list[Lesson], int, int]:
    """Sixteen lessons of sixteen groups at sixteen hours, and the room and the teacher that all of them will want."""
    from daftar.courses.catalogue import add_room
    from daftar.courses.places import change_hours
    from tests.cast import a_branch, a_member

    with tenant_transaction(by.org_id):
        branch, course = a_branch(by), a_course(by)
        change_hours(
            by, branch_id=branch.pk, opens_at=None, closes_at=None, blocks_rooms=blocks, blocks_teachers=blocks
        )
        room = add_room(by, branch_id=branch.pk, name="Blue").pk
        teacher = a_member(by, "Malika", "teacher").member_id
        groups = [a_group(by, course, f"G{place}", weekdays=(), starts_on="2025-05-01") for place in range(CROWD)]
        day = date(2025, 5, 20)
        lessons = [
            plan_lesson(by, group_id=group.pk, held_on=day, starts_time=time(place))
            for place, group in enumerate(groups)
        ]
    return lessons, room, int(teacher or 0)


@pytest.mark.parametrize("wanted", ["room", "teacher"])
def test_sixteen_want_one_room_or_teacher_at_one_time_and_one_gets_it(by, wanted):
    lessons, room, teacher = rooms_wanted(by, blocks=True)
    place = Staffing(room, None) if wanted == "room" else Staffing(None, teacher)

    def move(lesson: Lesson) -> None:
        move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 5, 21), starts_time=time(14), staffing=place)

    answers = at_once(by, [lambda lesson=lesson: move(lesson) for lesson in lessons])
    found = kinds(answers)
    assert found.pop("done") == 1
    assert sum(found.values()) == CROWD - 1
    assert found.keys() <= {f"{wanted.title()}Taken", f"{wanted.title()}TakenBy"}
    assert len(rows(by, Lesson, **{f"{wanted}__isnull": False})) == 1


def test_where_the_branch_only_warns_all_sixteen_get_it(by):
    lessons, room, _teacher = rooms_wanted(by, blocks=False)

    def move(lesson: Lesson) -> None:
        move_lesson(
            by, lesson_id=lesson.pk, held_on=date(2025, 5, 21), starts_time=time(14), staffing=Staffing(room, None)
        )

    assert kinds(at_once(by, [lambda lesson=lesson: move(lesson) for lesson in lessons])) == {"done": CROWD}

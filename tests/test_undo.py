"""What was just done is taken back by one press: the page says it with Undo beside it, and everything is as before."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin

import pytest
from django.test import Client

from daftar.attendance.models import Attendance
from daftar.attendance.queries import expected_students
from daftar.attendance.services import NothingToUndo, conduct_lesson, undo_marks
from daftar.courses.catalogue import add_lesson_type
from daftar.courses.models import Enrolment, Group, Lesson
from daftar.courses.refusals import EnrolmentCounts
from daftar.courses.services import enrol_student, undo_enrolment
from daftar.finance.models import Desk, Promise
from daftar.finance.refusals import AlreadyReversed, NothingOwed, PromisedTooLate, TooLateToUndo
from daftar.finance.services import promise, take_payment, undo_payment, withdraw_promise
from daftar.ledger.queries import balances, drift
from daftar.lib.tenancy import tenant_transaction
from daftar.office.urls import urlpatterns
from daftar.orgs.access import replace
from daftar.reports.debts import Bucket, debtors
from daftar.tuition.pauses import suspend
from daftar.tuition.pictures import pictures
from daftar.tuition.services import enrol_active
from tests.cast import PASSWORD, a_group, a_member, a_student, at, enrolled, owner_of
from tests.probe import a_probe
from tests.test_sweep import address, said

LATER = timedelta(minutes=11)


@pytest.fixture
def class_of_three(by):
    """The owner at the end of the first lesson of a group of three who pay by the month."""
    group = a_group(by, starts_on="2025-05-12")
    students = [a_student(by, name) for name in ("Aziz", "Barno", "Davron")]
    for student in students:
        enrol_active(at(by, "2025-05-12"), student_id=student.pk, group_id=group.pk, starts_on=by.today - timedelta(2))
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on="2025-05-12")
    return owner_of(by), lesson, [student.pk for student in students]


def marks(by, lesson) -> dict[int, bool]:
    return dict(Attendance.objects.visible_to(by).filter(lesson=lesson).values_list("student_id", "is_present"))


def test_the_first_marking_undone_leaves_a_planned_lesson_and_no_marks(class_of_three):
    by, lesson, students = class_of_three
    before = balances(by, students)
    conduct_lesson(by, lesson_id=lesson.pk, absent={students[0]: None}, topic="Unit 1")
    undo_marks(by, lesson_id=lesson.pk)
    lesson.refresh_from_db()
    assert (lesson.status, lesson.topic, lesson.conducted_at) == ("planned", "", None)
    assert marks(by, lesson) == {}
    assert balances(by, students) == before
    assert drift(by) == []


def test_a_correction_undone_brings_the_earlier_marks_back(class_of_three):
    by, lesson, students = class_of_three
    conduct_lesson(by, lesson_id=lesson.pk, absent={students[0]: None}, topic="Unit 1")
    before = marks(by, lesson)
    conduct_lesson(by, lesson_id=lesson.pk, absent={students[1]: None}, topic="Unit 2")
    undo_marks(by, lesson_id=lesson.pk)
    lesson.refresh_from_db()
    assert (lesson.status, lesson.topic) == ("conducted", "Unit 1")
    assert marks(by, lesson) == before


def test_marks_are_undone_once_in_time_and_only_by_who_made_them(class_of_three):
    by, lesson, _students = class_of_three
    conduct_lesson(by, lesson_id=lesson.pk, absent={}, topic="Unit 1")
    other = a_member(by, "Botir", "administrator")
    for who in (other, replace(by, at=by.at + LATER)):
        with pytest.raises(NothingToUndo):
            undo_marks(who, lesson_id=lesson.pk)
    undo_marks(by, lesson_id=lesson.pk)
    with pytest.raises(NothingToUndo):
        undo_marks(by, lesson_id=lesson.pk)


def test_a_trial_is_taken_back_until_a_lesson_was_conducted(by):
    group, student = a_group(by, starts_on="2025-05-12"), a_student(by)
    undo_enrolment(by, enrolment_id=enrolled(by, student, group, "2025-05-14").pk)
    assert not Enrolment.objects.visible_to(by).exists()
    again = enrolled(by, student, group, "2025-05-14")
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on="2025-05-14")
    conduct_lesson(by, lesson_id=lesson.pk, absent={}, topic="")
    with pytest.raises(EnrolmentCounts):
        undo_enrolment(by, enrolment_id=again.pk)


def test_a_promise_stands_until_a_newer_one_and_comes_back_with_undo(class_of_three):
    by, _lesson, students = class_of_three
    first = promise(by, student_id=students[0], promised_for=by.today, note="after work")
    second = promise(by, student_id=students[0], promised_for=by.today + timedelta(2))
    assert standing(by) == [second.pk]
    withdraw_promise(by, promise_id=second.pk)
    assert standing(by) == [first.pk]
    withdraw_promise(by, promise_id=first.pk)
    assert standing(by) == []


def standing(by) -> list[int]:
    return list(Promise.objects.visible_to(by).filter(stands=True).values_list("id", flat=True))


def test_a_cashier_takes_back_an_own_payment_of_just_now_and_no_other(class_of_three):
    by, _lesson, students = class_of_three
    cashier, other = a_member(by, "Kamola", "cashier"), a_member(by, "Nodira", "cashier")
    desk = Desk.objects.visible_to(by)[0]
    before = balances(by, students)
    paid = take_payment(cashier, student_id=students[0], desk_id=desk.pk, amount=500, paid_on=by.today, key="mistake")
    for who in (other, replace(cashier, at=cashier.at + LATER)):
        with pytest.raises(TooLateToUndo):
            undo_payment(who, payment_id=paid.pk, reason="mistake")
    undo_payment(cashier, payment_id=paid.pk, reason="mistake")
    assert balances(by, students) == before
    with pytest.raises(AlreadyReversed):
        undo_payment(cashier, payment_id=paid.pk, reason="mistake")


def test_a_promise_is_for_a_day_to_come_of_someone_who_owes(class_of_three):
    by, _lesson, students = class_of_three
    for day in (by.today - timedelta(1), by.today + timedelta(400)):
        with pytest.raises(PromisedTooLate):
            promise(by, student_id=students[0], promised_for=day)
    with pytest.raises(NothingOwed):
        promise(by, student_id=a_student(by, "Free").pk, promised_for=by.today)


def test_debtors_stand_in_buckets_by_age_and_by_promise(class_of_three):
    by, _lesson, students = class_of_three
    promise(by, student_id=students[0], promised_for=by.today)
    promise(by, student_id=students[1], promised_for=by.today + timedelta(1))
    assert counts(by) == {"ALL": 3, "WEEK": 3, "PROMISED_TODAY": 1}
    tomorrow = replace(by, at=by.at + timedelta(days=2))
    assert counts(tomorrow) == {"ALL": 3, "WEEK": 3, "BROKEN": 2}
    assert counts(replace(by, at=by.at + timedelta(days=20))) == {"ALL": 3, "MONTH": 3, "BROKEN": 2}
    late = replace(by, at=by.at + timedelta(days=33))
    assert counts(late) == {"ALL": 3, "OLDER": 3, "BROKEN": 2}
    found = debtors(late, bucket=Bucket.BROKEN)
    assert [row.student_id for row in found.rows] == students[:2]
    assert found.rows[0].promise.promised_for == by.today
    assert sum(row.owes.amount for row in found.rows) == found.buckets[Bucket.BROKEN].totals[0].amount


def counts(by) -> dict[str, int]:
    return {bucket.name: debt.count for bucket, debt in debtors(by).buckets.items() if debt.count}


def test_a_marking_that_changed_nothing_offers_no_undo_of_the_one_before(db):
    ours = a_probe("lingua")
    client, page = Client(), f"/lingua/lessons/{ours.ids['lesson_id']}/"
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    with tenant_transaction(ours.by.org_id):
        people = list(expected_students(ours.by, ours.ids["lesson_id"]))
    body = {"shown": people, "present": people, "topic": "Marked anew"}
    told = [f'action="{page}undo/"' in client.post(page, body, follow=True).content.decode() for _ in range(2)]
    assert told == [True, False]


def test_the_page_says_what_was_done_with_undo_beside_it_and_undo_leads_back_to_the_page(db):
    ours = a_probe("lingua")
    client = Client()
    client.post("/login/", {"login": ours.logins["administrator"], "password": PASSWORD})
    body = {"student": ours.ids["free_student"], "start": "trial", "starts_on": str(ours.by.today + timedelta(1))}
    page = client.post(f"/lingua/groups/{ours.ids['group_id']}/add/", body, follow=True).content.decode()
    [address] = re.findall(r'action="(/lingua/enrolments/\d+/undo/)"', page)
    answer = client.post(address, {"sent": "on", "next": "/lingua/students/"})
    assert answer["Location"] == "/lingua/students/"
    with tenant_transaction(ours.by.org_id):
        assert not Enrolment.objects.visible_to(ours.by).filter(student_id=ours.ids["free_student"]).exists()
    elsewhere = {"sent": "on", "next": "https://example.com/"}
    answer = client.post(f"/lingua/promises/{ours.ids['promise_id']}/withdraw/", elsewhere)
    assert answer["Location"] == "/lingua/debtors/"


def test_another_type_of_a_lesson_and_one_student_added_as_active_are_taken_back_from_the_message(db):
    ours = a_probe("lingua")
    by, ids = ours.by, ours.ids
    client = Client()
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    with tenant_transaction(by.org_id):
        lesson = Lesson.objects.visible_to(by).filter(group=ids["group_id"], type=None, held_on__gt=by.today)[0]
        club = add_lesson_type(by, name="Speaking club", kind="group")
        before = balances(by, [ids["free_student"]]), Enrolment.objects.visible_to(by).count()
    page = client.post(f"/lingua/lessons/{lesson.pk}/type/", {"type_id": club.pk}, follow=True).content.decode()
    undo = re.search(r'action="([^"]*/type/undo/0/)"', page)
    with tenant_transaction(by.org_id):
        assert Lesson.objects.visible_to(by).get(pk=lesson.pk).type_id == club.pk
    assert client.post(undo[1], {"sent": "on"}).status_code == 302
    with tenant_transaction(by.org_id):
        assert Lesson.objects.visible_to(by).get(pk=lesson.pk).type_id is None

    body = {"student": ids["free_student"], "start": "active", "starts_on": str(by.today)}
    page = said(client.post(f"/lingua/groups/{ids['group_id']}/add/", body, follow=True))
    undo = re.search(r'action="([^"]*/done/\d+/undo/)"', page)
    with tenant_transaction(by.org_id):
        assert Enrolment.objects.visible_to(by).count() == before[1] + 1
    assert client.post(undo[1], {"sent": "on"}).status_code == 302
    with tenant_transaction(by.org_id):
        assert (balances(by, [ids["free_student"]]), Enrolment.objects.visible_to(by).count()) == before


@pytest.mark.parametrize("deed", ["activate", "move", "trial"])
def test_what_is_done_to_one_membership_offers_undo_which_says_why_it_can_no_longer_be(db, deed):
    ours = a_probe("lingua")
    by, today = ours.by, ours.by.today
    with tenant_transaction(by.org_id):
        group = Group.objects.visible_to(by).get(pk=ours.ids["group_id"])
        pupil = a_student(by, "Aziz")
        join = enrol_student if deed == "activate" else enrol_active
        row = join(by, student_id=pupil.pk, group_id=group.pk, starts_on=today - timedelta(days=3))
        other = Group.objects.visible_to(by).filter(branch_id=group.branch_id).exclude(pk=group.pk)[0]
        before = pictures(by, [pupil.pk]), balances(by, [pupil.pk])
    client = Client()
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    day = str(today)
    body = {
        "activate": {"activated_on": day}, "trial": {"from_on": day, "gives_credit": "on"},
        "move": {"group_id": other.pk, "last_on": day, "starts_on": day, "gives_credit": "on"},
    }[deed]  # fmt: skip
    for is_last in (False, True):
        answer = client.post(f"/lingua/enrolments/{row.pk}/{deed}/", body, follow=True)
        undo = re.search(r'action="([^"]*/done/\d+/undo/)"', answer.content.decode())
        assert undo
        if is_last:
            with tenant_transaction(by.org_id):
                suspend(by, student_ids=[pupil.pk], starts_on=today + timedelta(days=9), last_on=today + timedelta(9))
        answer = client.post(undo[1], {"sent": "on"})
        assert answer.status_code == (422 if is_last else 302)
        with tenant_transaction(by.org_id):
            assert ((pictures(by, [pupil.pk]), balances(by, [pupil.pk])) == before) is not is_last
    assert "Aziz: This can no longer be undone, because something else was changed since: a pause." in said(answer)


def test_a_pause_of_a_whole_group_is_taken_back_by_one_press(db):
    ours = a_probe("lingua")
    by, group_id = ours.by, ours.ids["group_id"]
    with tenant_transaction(by.org_id):
        members = Enrolment.objects.visible_to(by).filter(group_id=group_id, activated_on__isnull=False)
        people = list(members.values_list("student_id", flat=True))
        before = pictures(by, people), balances(by, people)
    client = Client()
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    body = {"starts_on": str(by.today), "gives_credit": "on"}
    page = said(client.post(f"/lingua/groups/{group_id}/pause/", body, follow=True))
    with tenant_transaction(by.org_id):
        assert pictures(by, people) != before[0]
    undo = re.search(r'action="([^"]*/done/\d+/undo/)"', page)[1]
    assert client.post(undo, {"sent": "on"}).status_code == 302
    with tenant_transaction(by.org_id):
        assert (pictures(by, people), balances(by, people)) == before


def test_cancel_leads_from_every_form_to_a_page(db):
    ours = a_probe("lingua")
    client = Client()
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    seen, dead = set(), {}
    for route in urlpatterns:
        path = address(route, ours.slug, ours.ids)
        page = said(client.get(path))
        for link in re.findall(r'<a class="btn" href="([^"]+)">(?:Cancel|Back)</a>', page):
            target = urljoin(path, unescape(link))
            seen.add(route.name)
            if (status := client.get(target).status_code) != 200:
                dead[route.name] = (target, status)
    assert dead == {}
    assert len(seen) > 60

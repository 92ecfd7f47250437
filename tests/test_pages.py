"""What holds for every page: statements do not grow with rows, wrong input is told, a bug is an apology with an id."""

from __future__ import annotations

import logging
import re
from datetime import time, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection, reset_queries
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from daftar.attendance.exams import Entry, add_exam, enter_results
from daftar.attendance.materials import Upload, add_group_file, add_lesson_file, add_topic_file
from daftar.attendance.models import Attendance
from daftar.attendance.results_of_tests import Taken, add_test_result
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale
from daftar.attendance.services import conduct_lesson
from daftar.config.urls import urlpatterns as all_urls
from daftar.contracts.services import ContractTerms, add_contract
from daftar.courses.catalogue import add_course, add_room
from daftar.courses.comments import write_comment
from daftar.courses.leaving_reasons import add_leaving_reason
from daftar.courses.models import Group, Lesson
from daftar.courses.rules import PlanKind
from daftar.courses.schedules import Schedule
from daftar.courses.services import add_group
from daftar.courses.topics import add_topics
from daftar.finance.queries import get_payment, history_of_payment
from daftar.finance.services import (
    edit_payment,
    move_money,
    open_desk,
    raise_balance,
    refund,
    sell_goods,
    take_payment,
)
from daftar.lib.tenancy import tenant_transaction
from daftar.office.urls import urlpatterns
from daftar.people.models import Student
from daftar.transfer.models import ImportRow
from daftar.transfer.services import begin_import
from daftar.tuition.leaving import leave_group
from daftar.tuition.services import enrol_active
from tests.cast import PASSWORD, a_member, a_student
from tests.probe import Probe, good_bodies
from tests.test_sweep import address, said


def statements(client: Client, url: str) -> int:
    reset_queries()  # the log is short: what is past its end is not counted
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(url)
        said(answer)  # a file that is sent is open until then
    assert answer.status_code == 200, url
    # The test's own transaction makes savepoints of what are transactions outside it.
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in asked)


def add_rows(ours: Probe, mark: str) -> None:
    """One more of everything a list shows."""
    by, ids = ours.by, ours.ids
    with tenant_transaction(by.org_id):
        student = a_student(by, f"{ours.canary} {mark}", phone=f"+99890111{ord(mark):04}", payer_name=mark)
        enrol_active(by, student_id=student.pk, group_id=ids["group_id"], starts_on=by.today - timedelta(days=2))
        group = Group.objects.visible_to(by).get(pk=ids["group_id"])
        for lesson in Lesson.objects.visible_to(by).filter(group=group, held_on__lte=by.today).order_by("-held_on")[:2]:
            missed = Attendance.objects.visible_to(by).filter(lesson=lesson, is_present=False)
            absent = dict(missed.values_list("student_id", "reason_id")) | {student.pk: ids["reason"]}
            conduct_lesson(by, lesson_id=lesson.pk, absent=absent, topic=mark)
        whose = {"student_id": ids["student_id"], "paid_on": by.today}
        paid = take_payment(by, desk_id=ids["desk_id"], amount=1_000, key=mark, **whose)
        edit_payment(by, payment_id=paid.pk, reason=mark, values={"amount": 1_001})
        last = history_of_payment(by, get_payment(by, ids["payment_id"]))[-1]
        edit_payment(by, payment_id=last.pk, reason=mark, values={"amount": 50_000 + ord(mark)})
        refund(by, desk_id=ids["desk_id"], amount=5, key=f"r{mark}", **whose)
        raise_balance(by, amount=5, key=f"c{mark}", note=mark, **whose)
        sell_goods(by, desk_id=ids["desk_id"], thing=mark, quantity=1, price=5, key=f"s{mark}", **whose)
        move_money(by, desk_id=ids["desk_id"], to_desk_id=ids["to_desk_id"], amount=5, paid_on=by.today, key=f"m{mark}")
        course = add_course(by, name=f"Course {mark}", plan=PlanKind.PER_LESSON, currency="UZS", price=100)
        add_room(by, branch_id=ids["branch_id"], name=f"Room {mark}")
        daily = Schedule((1, 2, 3, 4, 5, 6, 7), time(8))
        other = add_group(
            by, branch_id=ids["branch_id"], name=f"Group {mark}", course_id=course.pk, starts_on=by.today,
            last_on=by.today + timedelta(days=5), schedule=daily,
        )  # fmt: skip
        enrol_active(by, student_id=ids["student_id"], group_id=other.pk, starts_on=by.today)
        add_contract(by, student_id=ids["student_id"], terms=ContractTerms(by.today, by.today, ord(mark)))
        open_desk(by, branch_id=ids["branch_id"], name=f"Desk {mark}", method="card")
        a_member(by, f"Member{mark}", "cashier")
        content = f"Name\n{mark} one\n{mark} two\n\n".encode()
        begin_import(by, branch_id=ids["branch_id"], file_name=mark, content=content, opens_on=by.today)
        add_lines(by, ids["import_id"], mark)
        add_learning(by, ids, student.pk, mark)
        add_leavings(by, ids["into_group"], mark)


def add_learning(by, ids: dict[str, int], student_id: int, mark: str) -> None:
    """More topics, scales, exams and results."""
    course_id = Group.objects.visible_to(by).get(pk=ids["group_id"]).course_id
    add_topics(by, course_id=course_id, lines=f"{mark} one\n{mark} two")
    for place in range(2):
        add_scale(by, name=f"{mark} {place}", measure=Measure(Decimal(0), Decimal(9)), pass_mark=Decimal(5))
    for attach, whose in ((add_group_file, "group_id"), (add_lesson_file, "lesson_id"), (add_topic_file, "topic_id")):
        attach(by, **{whose: ids[whose]}, file=Upload(f"{mark}.txt", 1, BytesIO(mark.encode())))
    values = {"group_id": ids["group_id"], "held_on": by.today, "scale_id": ids["scale_id"]}
    test = Taken(mark, by.today, ids["scale_id"], Decimal(1), ids["group_id"])
    for pk in (student_id, ids["student_id"]):
        add_test_result(by, student_id=pk, test=test)
    write_comment(by, group_id=ids["group_id"], text=mark)
    for exam_id in (ids["exam_id"], add_exam(by, name=mark, **values).pk):
        enter_results(
            by, exam_id=exam_id, entries={student_id: Entry(Decimal(1)), ids["student_id"]: Entry(Decimal(3))}
        )


def add_leavings(by, group_id: int, mark: str) -> None:
    """More who left, one of them with a reason of its own."""
    why = add_leaving_reason(by, name=mark, place=9)
    for place, reason_id in enumerate((None, why.pk)):
        student, days = a_student(by, f"{mark} {place}"), {"starts_on": by.today - timedelta(days=2)}
        row = enrol_active(by, student_id=student.pk, group_id=group_id, **days)
        leave_group(by, enrolment_id=row.pk, last_on=by.today - timedelta(days=1), reason_id=reason_id)


def add_lines(by, import_id: int, mark: str) -> None:
    """More rows of a file, with something to say about each."""
    rows = ImportRow.objects.visible_to(by).filter(file_id=import_id)
    number = 100 + rows.count()
    more = {"cells": [mark, "", "12345", "1"], "verdict": "warning", "problems": [["Phone", "bad_phone", "12345"]]}
    for place in range(3):
        ImportRow.objects.create(org_id=by.org_id, file_id=import_id, number=number + place, **more)


LONG = "since=2001-01-01&until=2098-01-01"


def pages_of(ours: Probe) -> dict[str, str]:
    found = {route.name: address(route, ours.slug, ours.ids) for route in urlpatterns}
    return found | {
        "student money": f"{found['student']}?tab=money",
        "groups filtered": f"{found['groups']}?teacher_id={ours.ids['teacher_id']}&weekdays=1&since=2020-01-01",
        "groups file": f"{found['groups']}?file=1",
        "group lessons": f"{found['group']}?tab=lessons",
        "group students": f"{found['group']}?tab=students",
        "group students file": f"{found['group']}?format=csv",
        "group strips": f"{found['group']}?by=students",
        "students search": f"{found['students']}?q={ours.canary}",
        "students owe": f"{found['students']}?state=owes",
        "payment for": f"{found['payment-new']}?student={ours.ids['student_id']}",
        "students to add": f"{found['group-add-student']}?q={ours.canary}&student={ours.ids['free_student']}",
        "payments all": f"{found['payments']}?all=1",
        "lifetime file": f"{found['lifetime']}?{LONG}&kinds=income&kinds=sale&most=500&format=csv",
        "income file": f"{found['group-income']}?since=2026-01-01&until=2026-12-31&kinds=income&kinds=sale&format=csv",
        "group changes of lessons": f"{found['group-changes']}?kind=lessons",
        "group money file": f"{found['group-money']}?format=csv",
        "charges of one": f"{found['charges']}?student={ours.ids['student_id']}&group={ours.ids['group_id']}",
        "results file": f"{found['group-results']}?format=csv",
        "tests file": f"{found['group-tests']}?format=csv",
        "exam file": f"{found['exam']}?format=csv",
        "discounts of some": f"{found['discounts']}?state=all&q={ours.canary}",
        "pauses of some": f"{found['suspensions']}?state=all&q={ours.canary}",
        "who waits": f"{found['group-wait-whose']}?q={ours.canary}",
        "whose pause": f"{found['pause-whose']}?q={ours.canary}",
        "contracts file": f"{found['contracts']}?{LONG}&which=force&order=student&format=csv",
        "left file": f"{found['left']}?{LONG}&format=csv",
        "hledger": f"{found['ledger-export']}?format=hledger",
    }


# A page that shows what its form would do does it, and takes it back: it asks what the deed asks besides.
# One of them counts what lies unmarked, for the menu; what can be undone looks at six tables before and after.
# Who moves somebody is told how full the other group is.
MOST, MOST_REHEARSED = 37, 84
REHEARSES = {
    "lesson-type",
    "enrolment-activate", "student-pause", "group-pause", "suspension-edit", "enrolment-leave", "enrolment-transfer",
    "enrolment-trial", "enrolment-weekdays",
    "student-bind", "subscription-end", "subscription-price", "subscription-price-end", "discount-new",
    "discount-edit", "discount-withdraw", "suspension-remove", "subscription-unbind",
    "lesson-payer", "lesson-take-back", "group-several", "days-off-remove", "lesson-cancel", "lesson-restore",
    "lesson-move", "group-regular-new", "group-regular-last-day", "group-regular-undo",
}  # fmt: skip


def test_the_statements_of_every_page_do_not_grow_with_rows(ours, owner):
    add_rows(ours, "A")
    urls = pages_of(ours)
    for url in urls.values():  # what is read once and kept is read now
        statements(owner, url)
    few = {name: statements(owner, url) for name, url in urls.items()}
    for mark in "BCD":
        add_rows(ours, mark)
    many = {name: statements(owner, url) for name, url in urls.items()}
    assert many == few
    over = {name: count for name, count in few.items() if count > (MOST_REHEARSED if name in REHEARSES else MOST)}
    assert over == {}


def test_a_page_that_asked_per_row_would_be_noticed(ours):
    def per_row() -> int:
        with tenant_transaction(ours.by.org_id), CaptureQueriesContext(connection) as asked:
            _ = [row.branch.name for row in Student.objects.visible_to(ours.by)]
        return len(asked)

    few = per_row()
    add_rows(ours, "A")
    assert per_row() > few


def test_saving_attendance_asks_as_often_for_many_as_for_few(ours, owner):
    def saved(topic: str) -> int:
        body = good_bodies(ours)["lesson"] | {"topic": topic}
        with CaptureQueriesContext(connection) as asked:
            url = f"/{ours.slug}/lessons/{ours.ids['lesson_id']}/"
            assert owner.post(url, body).status_code == 302
        return len(asked)

    add_rows(ours, "A")
    saved("one"), saved("two")
    few = saved("three")
    for mark in "BCD":
        add_rows(ours, mark)
    saved("four")
    assert saved("five") <= few


# --- wrong input ------------------------------------------------------------------------------------------------

WRONG = {
    "student-new": {"full_name": "", "born_on": "yesterday", "email": "not one"},
    "group-new": {"name": "", "starts_on": "x", "last_on": "", "day_pattern": "custom", "course_id": "zzz"},
    "course-new": {"name": "English", "price": "-5", "lessons_count": "0", "plan": "by magic"},
    "room-new": {"name": "", "capacity": "-1"},
    "member-new": {"name": "X", "role": "emperor", "email": "nope"},
    "payment-reverse": {"reason": ""},
    "refund-new": {"amount": "-5", "paid_on": "yesterday", "key": "k"},
    "correction-new": {"amount": "1000000000000", "direction": "sideways", "paid_on": "2001-01-01", "key": "k"},
    "sale-new": {"thing": "", "quantity": "-5", "price": "-5", "paid_on": "2001-01-01", "key": "k"},
    "money-move": {"amount": "-5", "desk_id": "zzz", "to_desk_id": "0", "paid_on": "2001-01-01", "key": "k"},
    "payment-edit": {"amount": "-5", "desk_id": "0", "paid_on": "yesterday", "reason": ""},
    "books-close": {"closed_until": "yesterday", "branch_id": "0"},
    "books-reopen": {"closed_until": "2001-01-01", "reason": ""},
    "enrolment-activate": {"activated_on": "2001-01-01"},
    "lesson-new": {"held_on": "2001-01-01", "starts_time": "25:61"},
    "group-regular-new": {"weekdays": "9", "starts_on": "2001-01-01", "starts_time": "25:61"},
    "import-new": {"opens_on": "yesterday"},
    "import-columns": {"column_0": "by magic", "column_1": "groups", "column_2": "phone", "column_3": "balance"},
    "import-groups": {"fate_0": "by magic", "fate_1": "new", "course_1": "new", "name_1": "C", "price_1": "-5"},
    "contract-new": {"starts_on": "yesterday", "last_on": "2001-01-01", "amount": "-5", "visits": "0"},
    "course-topics": {"lines": " "},
    "group-comment-new": {"text": " "},
    "topic-edit": {"title": ""},
    "topic-move": {"place": "-5"},
    "exam-new": {"name": "", "held_on": "yesterday", "scale_id": "0"},
    "group-test-new": {"name": "", "taken_on": "yesterday", "scale_id": "0", "student_id": "0", "score": ""},
    "student-test-new": {"name": " ", "taken_on": "2098-01-01", "subject": "zzz", "group_id": "0", "score": "-5"},
    "scale-new": {
        "name": "",
        "lowest": "yesterday",
        "highest": "-5",
        "step": "0.001",
        "pass_mark": "x",
        "kind": "numbers",
    },
    "branch-new": {"name": "B", "timezone": "Moon/Sea", "currency": "UZS", "language": "en"},
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_wrong_input_is_told_and_kept_and_nothing_is_saved(ours, owner, name):
    route = next(route for route in urlpatterns if route.name == name)
    before = counts()
    answer = owner.post(address(route, ours.slug, ours.ids), WRONG[name])
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in text
    assert 'role="alert"' in text
    for value in WRONG[name].values():
        if value in {"yesterday", "not one", "-5", "Moon/Sea", "2001-01-01"}:
            assert f'value="{value}"' in text, value
    assert counts() == before


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("", "required"), ("zero", "not an amount"), ("0", "above zero"), ("-100", "above zero"), ("1,00,5", "not an"),
        ("1.0051", "fewer"), ("9" * 15, "too large"),
    ],
)  # fmt: skip
def test_wrong_sums_are_told_beside_the_amount(ours, owner, amount, says):
    before = counts()
    body = good_bodies(ours)["payment-new"] | {"amount": amount}
    answer = owner.post(f"/{ours.slug}/payments/new/", body)
    assert answer.status_code == 422
    beside = re.search(r'id="id_amount_error">(.*?)</div>', answer.content.decode())
    assert beside
    assert says in beside[1]
    assert counts() == before


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        found = {}
        for table in (
            "student",
            "group",
            "course",
            "room",
            "member",
            "payment",
            "transfer",
            "lesson",
            "branch",
            "auditentry",
        ):
            cursor.execute(f'SELECT count(*) FROM "daftar_{table}"')
            found[table] = cursor.fetchone()[0]
        cursor.execute("SET LOCAL ROLE daftar_app")
    return found


@pytest.mark.parametrize(
    "junk", ["\x00", "'; DROP TABLE", "%", "_", "<script>alert(1)</script>", "９" * 5, "٤٥٦٧", "9" * 40, "\u202e"]
)
def test_what_is_typed_into_a_search_is_only_text(ours, owner, junk):
    for url in (f"/{ours.slug}/students/", f"/{ours.slug}/payments/new/", f"/{ours.slug}/groups/"):
        answer = owner.get(url, {"q": junk, "page": junk, "state": junk})
        assert answer.status_code in {200, 302}, (url, junk)
        assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("number", ["99999999999999999999", "0"])
def test_numbers_out_of_this_world_are_not_found(ours, owner, number):
    for part in ("students", "groups", "lessons", "payments"):
        assert owner.get(f"/{ours.slug}/{part}/{number}/").status_code == 404


# --- doors, bugs and headers ------------------------------------------------------------------------------------


def test_a_password_is_guessed_five_times_and_no_more(ours):
    client, wrong = Client(), {"login": ours.logins["cashier"], "password": "wrong-password"}
    for _ in range(5):
        assert client.post("/login/", wrong).status_code == 200
    right = {"login": ours.logins["cashier"], "password": PASSWORD}
    answer = client.post("/login/", right)
    assert answer.status_code != 302, "even the right one is refused for a while"
    other = {"login": ours.logins["owner"], "password": PASSWORD}
    assert Client().post("/login/", other).status_code == 302, "nobody else is locked out"


def broken(request) -> HttpResponse:
    raise RuntimeError("a planted bug with a secret inside")


class WithBug:
    urlpatterns = [path("bug/", broken), *all_urls]
    handler404 = "daftar.config.doors.not_found"
    handler500 = "daftar.config.middleware.server_error"


def test_a_bug_is_an_apology_with_an_id_and_a_log_line(db, caplog):
    client = Client(raise_request_exception=False)
    with override_settings(ROOT_URLCONF=WithBug), caplog.at_level(logging.ERROR):
        answer = client.get("/bug/")
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "secret" not in text
    assert answer["X-Request-Id"] in text
    assert [record.exc_info[0] for record in caplog.records if record.name == "django.request"] == [RuntimeError]


def test_pages_of_people_are_kept_by_no_one_and_run_no_foreign_script(ours, owner):
    answer = owner.get(f"/{ours.slug}/students/")
    assert answer["Cache-Control"] == "no-store"
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"


def test_an_empty_centre_says_what_to_do_first(db):
    from tests.cast import a_centre

    a_centre("empty")
    client = Client()
    client.post("/login/", {"login": "aziza@empty.example", "password": PASSWORD})
    for part in ("", "students/", "groups/", "payments/", "debtors/", "courses/", "rooms/"):
        text = client.get(f"/empty/{part}").content.decode()
        assert "empty-action" in text or "First steps" in text or "No one owes" in text, part


def test_demo_logins_are_refused_where_they_are_not_allowed(db):
    """The test's server has not said that it listens on loopback."""
    from daftar.config.demo import LOGINS
    from daftar.config.demo import PASSWORD as DEMO
    from daftar.orgs.models import User

    User.objects.create_user(LOGINS["owner"], DEMO, name="Demo")
    client = Client()
    client.post("/login/", {"login": LOGINS["owner"], "password": DEMO})
    assert client.get("/demo/")["Location"].startswith("/login/")
    assert LOGINS["owner"] not in client.get("/login/").content.decode()

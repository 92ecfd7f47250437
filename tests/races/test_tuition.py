"""What is done to a student's tuition at once, twice, or cut off midway ends as if it were done one after the other."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.test import Client

from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Enrolment, Lesson, Suspension
from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk, Payment
from daftar.finance.services import take_payment
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.jobs import reconcile_everyone
from daftar.tuition.models import Subscription
from daftar.tuition.pauses import suspend
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_centre, a_course, a_group, a_student, at
from tests.races.conftest import as_owner
from tests.races.together import CROWD, at_once, books, kinds, together
from tests.working import a_worker, give_back, work

MAY = date(2025, 5, 1)
SAVED, NOT_FOUND, REFUSED = 302, 404, 422


@pytest.fixture
def by(transactional_db):
    return at(a_centre(), "2025-05-20")


def a_pupil(by, name: str = "Aziz"):
    """In a group by the month and in one by the lesson, both since the 1st of May."""
    with tenant_transaction(by.org_id):
        student = a_student(by, name)
        plans = ((PlanKind.CALENDAR_MONTH, (1, 3, 5)), (PlanKind.PER_LESSON, (2, 4, 6)))
        for plan, weekdays in plans:
            course = a_course(by, f"{name} {plan}", plan=plan, lessons_count=8)
            group = a_group(by, course, f"{name} {plan}", weekdays=weekdays)
            enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
        lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 8))
        desk = Desk.objects.visible_to(by).order_by("id")[0]
    return student.pk, lesson.pk, desk.pk


def deeds(by, pupil, number: int = 0):
    """A pause, a mark, a discount and a payment."""
    student, lesson, desk = pupil
    terms = DiscountTerms(MAY, percent=Decimal(10 + number))
    pause = {"starts_on": date(2025, 5, 12 + number * 2), "last_on": date(2025, 5, 13 + number * 2)}
    return [
        partial(suspend, by, student_ids=[student], **pause),
        partial(conduct_lesson, by, lesson_id=lesson, absent={}),
        partial(give_discount, by, student_id=student, terms=terms),
        partial(take_payment, by, student_id=student, desk_id=desk, amount=100_000, paid_on=by.today, key=f"{number}"),
    ]


def ledger_of(by, student: int) -> tuple[int, list[tuple[str, date, int]]]:
    """The balance, and what stands charged and credited."""
    with tenant_transaction(by.org_id):
        rows = Transfer.objects.visible_to(by)
        undone = set(rows.exclude(reverses=None).values_list("reverses_id", flat=True))
        mine = rows.filter(kind__in=["charge", "credit"]).exclude(pk__in=undone)
        own = {
            str(pk) for pk in Subscription.objects.visible_to(by).filter(student=student).values_list("id", flat=True)
        }
        found = [(row.kind, row.effective_on, row.amount) for row in mine if row.charge_key.split(":")[0] in own]
        return balances(by, [student])[student], sorted(found)


def one_after_the_other(by, pupil, works) -> tuple[int, list[tuple[str, date, int]]]:
    with tenant_transaction(by.org_id):
        for each in works:
            each()
    return ledger_of(by, pupil[0])


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])
def test_two_deeds_on_one_student_at_once_end_as_one_after_the_other(by, pair):
    hit, calm = a_pupil(by, "Aziz"), a_pupil(by, "Bek")
    answers = at_once(by, [deeds(by, hit)[place] for place in pair])
    assert kinds(answers) == {"done": 2}, answers
    expected = one_after_the_other(by, calm, [deeds(by, calm, 0)[place] for place in pair if place != 3])
    paid = 100_000 if 3 in pair else 0
    assert ledger_of(by, hit[0]) == (expected[0] + paid, expected[1])
    assert books(by) == []


def test_sixteen_at_once_pause_mark_discount_and_pay_one_student_once_each(by):
    hit, calm = a_pupil(by, "Aziz"), a_pupil(by, "Bek")
    works = [work for number in range(CROWD // 4) for work in deeds(by, hit, number)]
    answers = at_once(by, works)
    assert kinds(answers) == {"done": CROWD}, answers
    quiet = [work for number in range(CROWD // 4) for work in deeds(by, calm, number)[:3]]
    balance, charges = one_after_the_other(by, calm, quiet)
    assert ledger_of(by, hit[0]) == (balance + 4 * 100_000, charges)
    with tenant_transaction(by.org_id):
        assert Suspension.objects.visible_to(by).filter(student=hit[0]).count() == 4
        assert Payment.objects.visible_to(by).filter(student=hit[0]).count() == 4
        assert reconcile(by, student_ids=[hit[0]]) == 0
    assert books(by) == []


def test_one_pause_wanted_by_sixteen_is_made_once(by):
    hit = a_pupil(by)
    answers = at_once(by, [deeds(by, hit)[0]] * CROWD)
    assert kinds(answers) == {"done": 1, "PausedAlready": CROWD - 1}, answers
    assert books(by) == []


# --- the same form twice ---------------------------------------------------------------------------------------------


@pytest.fixture
def browsers(by):
    with tenant_transaction(by.org_id):
        owner = Member.objects.visible_to(by).get(role__code="owner").user
    found = [Client(raise_request_exception=False) for _each in range(2)]
    for browser in found:
        browser.force_login(owner)
    return found


def forms(by, pupil) -> dict[str, tuple[str, dict[str, str], list[int]]]:
    """The pages that change what is charged: path, a form that is sent twice, and the answers it may get."""
    student, _lesson, _desk = pupil
    with tenant_transaction(by.org_id):
        row = Enrolment.objects.visible_to(by).filter(student=student).order_by("id")[0]
        bound = Subscription.objects.visible_to(by).get(enrolment=row)
        other = a_group(by, a_course(by, "German"), name="Other", last_on="2027-12-31")
        terms = TariffTerms(name="Standard", plan=PlanKind.CALENDAR_MONTH, currency="UZS")
        tariff = add_tariff(by, terms=terms, price=100, from_on=MAY)
        other_tariff = add_tariff(by, terms=replace(terms, name="By mistake"), price=200, from_on=MAY)
        wrong = bind_tariff(by, student_id=student, tariff_id=other_tariff.pk, binding=Binding(MAY))
        pause = suspend(by, student_ids=[student], starts_on=date(2025, 7, 1), last_on=date(2025, 7, 2))[0]
        given = give_discount(by, student_id=student, terms=DiscountTerms(MAY, percent=Decimal(5)))
    today = by.today.isoformat()
    credit = {"gives_credit": "on", "decline_reason": ""}
    once, twice, gone = [SAVED, REFUSED], [SAVED, SAVED], [SAVED, NOT_FOUND]
    return {
        "pause": (f"students/{student}/pause/", {"starts_on": today, "last_on": today, "reason": ""} | credit, once),
        "leave": (f"enrolments/{row.pk}/leave/", {"last_on": today, "reason": ""} | credit, once),
        "move": (
            f"enrolments/{row.pk}/move/",
            {"group_id": str(other.pk), "last_on": "2025-05-18", "starts_on": today} | credit, once,
        ),
        "trial": (f"enrolments/{row.pk}/trial/", {"from_on": "2025-05-01"}, once),
        "end": (f"subscriptions/{bound.pk}/end/", {"last_on": today}, twice),
        "price": (f"subscriptions/{bound.pk}/price/", {"price": "1000", "from_on": "2025-06-01"}, twice),
        "pause edit": (
            f"pauses/{pause.pk}/edit/",
            {"starts_on": "2025-07-01", "last_on": "2025-07-09", "reason": ""} | credit, twice,
        ),
        "pause remove": (f"pauses/{pause.pk}/remove/", {"sent": "on"}, gone),
        "withdraw": (f"discounts/{given.pk}/withdraw/", {"sent": "on"}, gone),
        "bind": (f"students/{student}/tariff/", {"tariff_id": str(tariff.pk), "starts_on": today}, once),
        "unbind": (f"subscriptions/{wrong.pk}/unbind/", {"sent": "on"}, gone),
        "discount": (
            f"students/{student}/discount/",
            {"kind": "percent", "percent": "20", "starts_on": "2025-05-01", "per": "", "reason": ""}, once,
        ),
    }  # fmt: skip


PAGES = (
    "pause", "leave", "move", "trial", "end", "price", "pause edit", "pause remove", "withdraw", "bind", "unbind",
    "discount",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_form_sent_twice_at_once_has_its_effect_once(by, browsers, name):
    pupils = [a_pupil(by, "Aziz"), a_pupil(by, "Bek")]
    path, form, expected = forms(by, pupils[0])[name]
    answers = together([partial(browser.post, f"/{by.org_slug}/{path}", form) for browser in browsers])
    assert sorted(answer.status_code for answer in answers) == expected, [a.content[-500:] for a in answers]
    assert books(by) == []
    with tenant_transaction(by.org_id):
        assert reconcile(by, student_ids=[pupils[0][0]]) == 0
    once = ledger_of(by, pupils[0][0])
    again = browsers[0].post(f"/{by.org_slug}/{path}", form)
    assert again.status_code in expected
    assert ledger_of(by, pupils[0][0]) == once


# --- a monthly run that is killed ------------------------------------------------------------------------------------


def test_a_monthly_run_killed_midway_ends_in_the_ledger_of_one_that_was_not(by, monkeypatch):
    as_owner("DELETE FROM procrastinate_jobs")
    monkeypatch.setattr("daftar.tuition.jobs.AT_ONCE", 4)
    with tenant_transaction(by.org_id):
        group = a_group(by, starts_on="2025-03-01", last_on="2027-12-31")
        pupils = [a_student(by, f"Student {number}") for number in range(60)]
        for student in pupils:
            enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    reconcile_everyone(org_id=by.org_id)
    before, worker = charges(), a_worker()
    end = time.monotonic() + 60
    while charges() == before and time.monotonic() < end:
        time.sleep(0.005)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    midway = charges()
    give_back()
    work()
    done = charges()
    assert before < midway < done, "it was killed with some charged and some not"
    with tenant_transaction(by.org_id):
        keys = list(Transfer.objects.visible_to(by).filter(kind="charge").values_list("charge_key", flat=True))
        assert len(keys) == len(set(keys)), "each month once"
        assert len({key.split(":")[1] for key in keys}) * len(pupils) == len(keys), "everybody's months, all of them"
    assert books(by) == []


def charges() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("SELECT count(*) FROM daftar_transfer WHERE kind = 'charge'")
        (found,) = cursor.fetchone()
        cursor.execute("SET ROLE daftar_app")
    return found

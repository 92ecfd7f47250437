"""Sixteen people press the same button: whoever is late gets an answer in words, never an apology."""

from __future__ import annotations

from functools import partial

import pytest
from django.test import Client

from daftar.courses.models import Course
from daftar.finance.models import Desk, Payment
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member
from tests.cast import a_student
from tests.races.together import CROWD, books, together

SAVED, REFUSED = 302, 422


@pytest.fixture
def people(by):
    """Browsers, each with a session of its own."""
    with tenant_transaction(by.org_id):
        owner = Member.objects.visible_to(by).get(role__code="owner").user
    browsers = [Client(raise_request_exception=False) for _ in range(CROWD)]
    for browser in browsers:
        browser.force_login(owner)
    return browsers


def press(by, people, path: str, forms: list[dict]) -> list[tuple[int, str]]:
    """Status and address of each answer."""
    works = [partial(browser.post, f"/{by.org_slug}/{path}", form) for browser, form in zip(people, forms, strict=True)]
    answers = together(works)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    return [(answer.status_code, answer.headers.get("Location", "")) for answer in answers]


def statuses(answers: list[tuple[int, str]]) -> list[int]:
    return sorted(status for status, _address in answers)


@pytest.fixture
def paying(by):
    with tenant_transaction(by.org_id):
        students = [a_student(by, f"Student {place}") for place in range(CROWD)]
        desk = Desk.objects.visible_to(by).order_by("id")[0]
    form = {"amount": "1000", "desk_id": desk.pk, "paid_on": by.today.isoformat(), "note": "", "key": "one form"}
    return [form | {"student": student.pk} for student in students]


def test_a_payment_sent_by_sixteen_browsers_leads_all_of_them_to_one_receipt(by, people, paying):
    answers = press(by, people, "payments/new/", [paying[0]] * CROWD)
    assert statuses(answers) == [SAVED] * CROWD
    assert len({address for _status, address in answers}) == 1
    assert books(by) == []


def test_one_key_for_sixteen_students_pays_for_one_and_the_rest_are_told(by, people, paying):
    answers = press(by, people, "payments/new/", paying)
    assert statuses(answers) == [SAVED] + [REFUSED] * (CROWD - 1)
    with tenant_transaction(by.org_id):
        assert Payment.objects.visible_to(by).count() == 1
    assert books(by) == []


def test_a_name_wanted_by_sixteen_is_given_once_and_the_rest_are_told(by, people):
    form = {
        "name": "English", "subject": "", "level": "", "plan": "per_lesson", "currency": "UZS", "price": "1000",
        "lessons_count": "1", "lesson_minutes": "90",
    }  # fmt: skip
    answers = press(by, people, "courses/new/", [form] * CROWD)
    assert statuses(answers) == [SAVED] + [REFUSED] * (CROWD - 1)
    with tenant_transaction(by.org_id):
        assert Course.objects.visible_to(by).count() == 1

"""Pages on what an owner sets about tuition: what is wrong is told beside its field, and nothing is saved."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Enrolment, Lesson
from daftar.lib.tenancy import tenant_transaction
from daftar.office.urls import urlpatterns
from daftar.orgs.rules import ANSWERS
from tests.cast import PASSWORD
from tests.probe import a_probe, good_bodies
from tests.test_pages import counts
from tests.test_sweep import address

# The form, what of a good body is sent instead, and the field beside which something must be said.
WRONG = [
    ("course-price", {"price": "-5"}, "price"),
    ("course-price", {"price": "1" + "0" * 13}, "price"),
    ("course-price", {"price": ""}, "price"),
    ("course-price", {"from_on": "1025-01-01"}, "from_on"),
    ("course-price", {"bound_follow": ""}, "bound_follow"),
    ("group-price", {"price": "2" + "0" * 12}, "price"),
    ("tariff-price", {"price": "-0,01"}, "price"),
    ("tariff-new", {"module_lessons": ""}, "module_lessons"),
    ("tariff-new", {"module_lessons": "0"}, "module_lessons"),
    ("tariff-new", {"price": "1" + "0" * 13}, "price"),
    ("tariff-new", {"valid_days": "-1"}, "valid_days"),
    ("tariff-new", {"plan": "by magic"}, "plan"),
    ("tariff-new", {"branches": ["999999"]}, "branches"),
    ("tariff-edit", {"name": ""}, "name"),
    ("course-new", {"lessons_count": "-1"}, "lessons_count"),
    ("course-new", {"lessons_count": "1" + "0" * 12}, "lessons_count"),
    ("course-new", {"plan": "whole_course", "months": "0"}, "months"),
    ("course-new", {"price": "-1"}, "price"),
    ("group-new", {"plan": "module", "price": "5"}, "module_lessons"),
    ("group-new", {"plan": "module", "module_lessons": "8"}, "price"),
    ("lesson-type-new", {"kind": "party"}, "kind"),
    ("days-off-new", {"last_on": "2097-12-31"}, "last_on"),
    ("days-off-new", {"last_on": "2098-12-31"}, "last_on"),
    ("days-off-new", {"name": ""}, "name"),
    ("lesson-cancel", {"reason": " "}, "reason"),
    ("lesson-move", {"held_on": "2001-01-01"}, "held_on"),
    ("lesson-move", {"starts_time": "25:61"}, "starts_time"),
    ("charging", {"sibling_percent": "100.01"}, "sibling_percent"),
    ("charging", {"sibling_percent": "-5"}, "sibling_percent"),
    ("charging", {"rounding_step": "1" + "0" * 12}, "rounding_step"),
    ("charging", {"activation_day_counts": ""}, "activation_day_counts"),
    ("charging-branch", {"money_discount_per": "year"}, "money_discount_per"),
    *(("charging", {name: ""}, name) for name in ANSWERS),
    *(("charging-branch", {name: "perhaps"}, name) for name in ANSWERS),
    ("enrolment-weekdays", {"comes_on": []}, "comes_on"),
    ("enrolment-weekdays", {"comes_on": ["9"]}, "comes_on"),
    ("enrolment-weekdays", {"from_on": "2001-01-01"}, "from_on"),
    ("reason-new", {"place": "0"}, "place"),
    ("reason-new", {"name": "Excused"}, "name"),
]


@pytest.fixture
def ours(db):
    return a_probe("lingua")


@pytest.fixture
def owner(ours):
    client = Client()
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    return client


@pytest.fixture
def planned(ours):
    """The probe's ids with a lesson that is still ahead."""
    with tenant_transaction(ours.by.org_id):
        rows = Lesson.objects.visible_to(ours.by).filter(status=LessonStatus.PLANNED, group_id=ours.ids["group_id"])
        return ours.ids | {"lesson_id": rows.order_by("held_on")[0].pk}


def url(name: str, ours, ids=None) -> str:
    return address(next(route for route in urlpatterns if route.name == name), ours.slug, ids or ours.ids)


def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_saved(ours, owner, planned):
    for name, wrong, field in WRONG:
        before = counts()
        answer = owner.post(url(name, ours, planned), good_bodies(ours)[name] | wrong)
        text = answer.content.decode()
        assert answer.status_code == 422, (name, wrong)
        beside = re.search(rf'id="id_{field}_error">(.*?)</div>', text)
        assert beside, (name, wrong, re.findall(r'id="id_(\w+)_error"', text))
        assert counts() == before, (name, wrong)


def test_a_lesson_type_of_another_centre_is_none_of_ours(ours, owner):
    foreign = str(a_probe("other").ids["lesson_type_id"])
    body = good_bodies(ours)["tariff-new"] | {"lesson_types": [foreign]}
    answer = owner.post(url("tariff-new", ours), body)
    assert answer.status_code == 422
    assert 'id="id_lesson_types_error"' in answer.content.decode()


def test_a_price_already_written_for_a_day_of_a_tariff_is_told_beside_the_day(ours, owner):
    path, body = url("tariff-price", ours), good_bodies(ours)["tariff-price"]
    assert owner.post(path, body).status_code == 302
    answer = owner.post(path, body)
    assert answer.status_code == 422
    assert 'id="id_from_on_error"' in answer.content.decode()


def test_a_cancelled_lesson_is_not_marked_and_says_why_it_is_cancelled(ours, owner, planned):
    assert owner.post(url("lesson-cancel", ours, planned), {"reason": "No heating"}).status_code == 302
    page = url("lesson", ours, planned)
    text = owner.get(page).content.decode()
    assert "No heating" in text
    assert 'data-testid="att-save"' not in text
    assert owner.post(page, {"topic": "t"}).status_code == 422
    again = owner.post(url("lesson-cancel", ours, planned), {"reason": "Still none"})
    assert again.status_code == 422
    listed = owner.get(url("group", ours) + "?tab=lessons").content.decode()
    assert "No heating" in listed
    assert owner.post(url("lesson-restore", ours, planned), {"sent": "on"}).status_code == 302
    assert "No heating" not in owner.get(page).content.decode()


def test_an_example_is_of_the_value_that_is_being_chosen(ours, owner):
    path, body = url("charging", ours), good_bodies(ours)["charging"]
    text = owner.get(path, body, headers={"HX-Request": "true"}).content.decode().replace("\u00a0", " ")
    assert "UZS 208,000" in text, "not 207,692: in whole thousands"
    assert "UZS 270,000" in text
    assert "UZS 230,769" in owner.get(path).content.decode().replace("\u00a0", " "), "nothing was saved"


def test_changing_a_decision_stands_in_the_history(ours, owner):
    assert owner.post(url("charging", ours), good_bodies(ours)["charging"]).status_code == 302
    text = owner.get(url("history", ours)).content.decode()
    assert "changed how the centre charges" in text
    assert "Percent off for siblings" in text


def test_a_choice_of_weekdays_is_shown_and_its_undo_brings_back_those_before(ours, owner):
    url = reverse("office:enrolment-weekdays", args=[ours.slug, ours.ids["enrolment_id"]])
    card = reverse("office:student", args=[ours.slug, enrolment_of(ours).student_id])
    day = str(ours.by.today)
    owner.post(url, {"comes_on": ["1", "2", "3", "4", "5", "6"], "from_on": day}, follow=True)
    saved = owner.post(url, {"comes_on": ["1"], "from_on": day}, follow=True).content.decode()
    assert "not on Tue, Wed, Thu, Fri, Sat, Sun" in owner.get(card).content.decode()

    undo = re.search(r'action="([^"]*/weekdays/undo/[^"]*)"', saved)[1]
    assert owner.post(undo, {"sent": "on"}).status_code == 302
    assert "not on Sun" in owner.get(card).content.decode()
    wrong = undo.replace(f"{ours.by.today:%Y%m%d}", "20251399")
    assert owner.post(wrong, {"sent": "on"}).status_code == 404


def enrolment_of(ours):
    with tenant_transaction(ours.by.org_id):
        return Enrolment.objects.visible_to(ours.by).get(pk=ours.ids["enrolment_id"])

"""What is wrong is told beside its field, and nothing is saved: on every page that sets what is paid."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Enrolment, Lesson, Suspension
from daftar.courses.rules import PlanKind
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.rules import ANSWERS
from daftar.orgs.services import add_branch
from daftar.tuition.models import Discount, Subscription, Tariff
from daftar.tuition.tariffs import TariffTerms, add_tariff
from tests.probe import a_probe, good_bodies
from tests.test_pages import counts
from tests.test_tuition_pages import beside, url

BEFORE = "2001-01-01"  # before everything that is in a probe
TOO_MUCH = "1" + "0" * 12
WRONG_DISCOUNTS = [
    ({"percent": "101"}, "percent"),
    ({"percent": "100,01"}, "percent"),
    ({"percent": "-5"}, "percent"),
    ({"percent": TOO_MUCH}, "percent"),
    ({"kind": "amount", "amount": "-5"}, "amount"),
    ({"kind": "amount", "amount": TOO_MUCH}, "amount"),
    ({"last_on": BEFORE}, "last_on"),
    ({"lesson_types": ["999999"]}, "lesson_types"),
    ({"per": "year"}, "per"),
]

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
    *(
        (f"discount-{deed}", {"kind": kind, "percent": "", "amount": "", other: text}, kind)
        for deed in ("new", "edit")
        for kind, other in (("percent", "amount"), ("amount", "percent"))
        for text in ("", "5", "five")
    ),
    ("discount-new", {"kind": "amount", "amount": "five"}, "amount"),
    ("discount-new", {"kind": "amount", "amount": "0"}, "amount"),
    ("discount-new", {"kind": "percent", "percent": "0"}, "percent"),
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
    ("group-edit", {"from_on": "2001-01-01"}, "from_on"),
    ("group-regular-new", {"starts_on": "2001-01-01"}, "starts_on"),
    ("group-regular-new", {"last_on": "2001-01-01"}, "last_on"),
    ("group-regular-last-day", {"last_on": "2001-01-01"}, "last_on"),
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
    ("course-new", {"price": TOO_MUCH}, "price"),
    ("course-price", {"price": TOO_MUCH}, "price"),
    ("student-pause", {"last_on": BEFORE}, "last_on"),
    ("student-pause", {"last_on": "2099-01-01"}, "last_on"),
    ("student-pause", {"gives_credit": ""}, "decline_reason"),
    ("group-pause", {"last_on": BEFORE}, "last_on"),
    ("group-pause", {"starts_on": ""}, "starts_on"),
    ("group-pause", {"gives_credit": "", "decline_reason": " "}, "decline_reason"),
    ("suspension-edit", {"last_on": BEFORE}, "last_on"),
    ("suspension-edit", {"starts_on": "1025-01-01"}, "starts_on"),
    ("enrolment-leave", {"last_on": BEFORE}, "last_on"),
    ("enrolment-leave", {"reason_id": "999999"}, "reason_id"),
    ("enrolment-transfer", {"last_on": BEFORE}, "last_on"),
    ("enrolment-transfer", {"starts_on": BEFORE}, "starts_on"),
    ("enrolment-transfer", {"group_id": "999999"}, "group_id"),
    ("enrolment-trial", {"from_on": BEFORE}, "from_on"),
    ("enrolment-trial", {"gives_credit": ""}, "decline_reason"),
    ("student-bind", {"last_on": BEFORE}, "last_on"),
    *(("student-bind", {"price": price}, "price") for price in ("-1", "-0,01", TOO_MUCH, "much")),
    ("student-bind", {"tariff_id": "999999"}, "tariff_id"),
    ("student-bind", {"group_id": "999999"}, "group_id"),
    ("subscription-end", {"last_on": BEFORE}, "last_on"),
    *(("subscription-price", {"price": price}, "price") for price in ("-5", "", TOO_MUCH)),
    ("subscription-price", {"from_on": "2999-02-01"}, "from_on"),
    *((f"discount-{deed}", *wrong) for deed in ("new", "edit") for wrong in WRONG_DISCOUNTS),
    ("reason-new", {"place": "0"}, "place"),
    ("reason-new", {"name": "Excused"}, "name"),
]


@pytest.fixture
def there(ours):
    """The probe's ids with a lesson that is still ahead and a member who is active."""
    with tenant_transaction(ours.by.org_id):
        lessons = Lesson.objects.visible_to(ours.by).filter(status=LessonStatus.PLANNED, group_id=ours.ids["group_id"])
        active = Enrolment.objects.visible_to(ours.by).get(
            student_id=ours.ids["student_id"], group_id=ours.ids["group_id"]
        )
        return ours.ids | {"lesson_id": lessons.order_by("held_on")[0].pk, "enrolment_id": active.pk}


def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_saved(ours, owner, there):
    for name, wrong, field in WRONG:
        before = counts()
        answer = owner.post(url(name, ours, there), good_bodies(ours)[name] | wrong)
        text = answer.content.decode()
        assert answer.status_code == 422, (name, wrong)
        beside = re.search(rf'id="id_{field}_error">(.*?)</div>', text)
        assert beside, (name, wrong, re.findall(r'id="id_(\w+)_error"', text))
        assert counts() == before, (name, wrong)


@pytest.mark.parametrize("name", ["tariff-new", "discount-new", "discount-edit"])
def test_a_lesson_type_of_another_centre_is_none_of_ours(ours, owner, name):
    foreign = str(a_probe("other").ids["lesson_type_id"])
    before = counts()
    answer = owner.post(url(name, ours), good_bodies(ours)[name] | {"lesson_types": [foreign]})
    assert answer.status_code == 422
    assert beside(answer, "lesson_types")
    assert counts() == before


@pytest.mark.parametrize(
    ("kind", "other", "says"),
    [("percent", "amount", "Write a percentage."), ("amount", "percent", "Write an amount.")],
)
def test_only_what_stands_beside_the_kind_of_a_discount_is_asked_for(ours, owner, kind, other, says):
    path, body = url("discount-new", ours), {"kind": kind, "starts_on": str(ours.by.today), other: "five"}
    answer = owner.post(path, body)
    assert answer.status_code == 422
    assert says in beside(answer, kind)
    assert beside(answer, other) == ""

    assert owner.post(path, body | {kind: "7"}).status_code == 302
    with tenant_transaction(ours.by.org_id):
        row = Discount.objects.visible_to(ours.by).order_by("-id")[0]
    assert (row.percent, row.amount) == ((7, None) if kind == "percent" else (None, 700))


@pytest.mark.parametrize("name", ["tariff-new", "tariff-edit"])
def test_a_branch_of_another_currency_is_told_beside_the_branches_of_a_tariff(ours, owner, name):
    with tenant_transaction(ours.by.org_id):
        abroad = add_branch(ours.by, name="Almaty", timezone="Asia/Almaty", currency="KZT", language="en")
        before = list(Tariff.objects.visible_to(ours.by).order_by("id").values())
    answer = owner.post(url(name, ours), good_bodies(ours)[name] | {"branches": [abroad.pk]})
    assert answer.status_code == 422
    assert "Almaty keeps its money in another currency" in beside(answer, "branches")
    with tenant_transaction(ours.by.org_id):
        assert list(Tariff.objects.visible_to(ours.by).order_by("id").values()) == before


def test_a_tariff_in_another_currency_is_none_to_bind_to(ours, owner):
    with tenant_transaction(ours.by.org_id):
        add_branch(ours.by, name="Almaty", timezone="Asia/Almaty", currency="KZT", language="en")
        terms = TariffTerms("In tenge", PlanKind.CALENDAR_MONTH, "KZT")
        tariff = add_tariff(ours.by, terms=terms, price=100_00, from_on=ours.by.today)
    before = counts()
    answer = owner.post(url("student-bind", ours), good_bodies(ours)["student-bind"] | {"tariff_id": tariff.pk})
    assert answer.status_code == 422
    assert beside(answer, "tariff_id")
    assert counts() == before


# --- days that are taken already ---------------------------------------------------------------------------------


def day(ours, ahead: int) -> str:
    return str(ours.by.today + timedelta(days=ahead))


def pauses(ours) -> list[tuple[str, str]]:
    """The first day and the day after the last of each pause of the student."""
    with tenant_transaction(ours.by.org_id):
        rows = Suspension.objects.visible_to(ours.by).filter(student_id=ours.ids["student_id"]).order_by("starts_on")
        return [(str(row.starts_on), str(row.ends_on)) for row in rows]


@pytest.mark.parametrize(("first", "last"), [(10, 12), (12, None), (11, 11), (5, 10), (5, 30), (5, None)])
def test_a_second_pause_on_days_of_another_is_told_beside_the_day_that_reaches_into_it(ours, owner, first, last):
    path, body = url("student-pause", ours), good_bodies(ours)["student-pause"]
    assert owner.post(path, body | {"starts_on": day(ours, 10), "last_on": day(ours, 12)}).status_code == 302
    only, before = pauses(ours), counts()
    sent = {"starts_on": day(ours, first), "last_on": "" if last is None else day(ours, last)}
    answer = owner.post(path, body | sent)
    assert answer.status_code == 422
    if first < 10:
        assert "there is another pause. End this one before." in beside(answer, "last_on")
        assert beside(answer, "starts_on") == ""
    else:
        assert beside(answer, "starts_on") == "There is a pause at that time already."
    assert (pauses(ours), counts()) == (only, before)
    free = {"starts_on": day(ours, 13), "last_on": day(ours, 13)}
    assert owner.post(path, body | free).status_code == 302, "the day after is free"


@pytest.mark.parametrize("credited", ["on", ""])
def test_a_pause_prolonged_into_the_next_is_told_beside_the_last_day(ours, owner, credited):
    """Also where the days that are added would become a pause of their own, since nothing is credited for them."""
    path, body = url("student-pause", ours), good_bodies(ours)["student-pause"]
    for first in (10, 20):
        sent = {"starts_on": day(ours, first), "last_on": day(ours, first + 2)}
        assert owner.post(path, body | sent).status_code == 302
    with tenant_transaction(ours.by.org_id):
        rows = Suspension.objects.visible_to(ours.by).filter(student_id=ours.ids["student_id"]).order_by("starts_on")
        edit = url("suspension-edit", ours, ours.ids | {"suspension_id": rows[0].pk})
    both, before = pauses(ours), counts()
    wish = {"gives_credit": credited, "decline_reason": "" if credited else "too late"}
    for last in (day(ours, 20), day(ours, 40), ""):
        answer = owner.post(edit, {"starts_on": day(ours, 10), "last_on": last} | wish)
        assert answer.status_code == 422, last
        assert "there is another pause. End this one before." in beside(answer, "last_on")
        assert (pauses(ours), counts()) == (both, before)
    earlier = {"starts_on": day(ours, 21), "last_on": day(ours, 21), "gives_credit": "on"}
    assert beside(owner.post(edit, earlier), "starts_on"), "moved into it as a whole"
    assert pauses(ours) == both
    up_to_it = {"starts_on": day(ours, 10), "last_on": day(ours, 19)} | wish
    assert owner.post(edit, up_to_it).status_code == 302


@pytest.mark.parametrize(("first", "last"), [(0, None), (-5, 0), (9, 9), (9, 30)])
def test_one_tariff_bound_twice_on_the_same_days_is_told_beside_the_tariff(ours, owner, first, last):
    path, body = url("student-bind", ours), good_bodies(ours)["student-bind"]
    body |= {"group_id": "", "is_separate": "", "starts_on": day(ours, 0), "last_on": day(ours, 9)}
    assert owner.post(path, body).status_code == 302
    before = counts(), bindings(ours)
    answer = owner.post(
        path, body | {"starts_on": day(ours, first), "last_on": "" if last is None else day(ours, last)}
    )
    assert answer.status_code == 422
    assert "bound to this tariff on some of these days already" in beside(answer, "tariff_id")
    assert (counts(), bindings(ours)) == before
    assert owner.post(path, body | {"starts_on": day(ours, 10), "last_on": day(ours, 11)}).status_code == 302
    assert bindings(ours) == before[1] + 1


def test_a_binding_prolonged_into_the_next_is_told_beside_its_last_day(ours, owner):
    path, body = url("student-bind", ours), good_bodies(ours)["student-bind"]
    for first in (0, 20):
        sent = {"starts_on": day(ours, first), "last_on": day(ours, first + 2)}
        assert owner.post(path, body | sent).status_code == 302
    with tenant_transaction(ours.by.org_id):
        row = Subscription.objects.visible_to(ours.by).order_by("-id")[1]
    before = counts()
    answer = owner.post(url("subscription-end", ours, ours.ids | {"subscription_id": row.pk}), {"last_on": ""})
    assert answer.status_code == 422
    assert "bound to this tariff once more" in beside(answer, "last_on")
    assert counts() == before


def bindings(ours) -> int:
    with tenant_transaction(ours.by.org_id):
        return Subscription.objects.visible_to(ours.by).filter(student_id=ours.ids["student_id"]).count()

"""Pages on what an owner sets about tuition: what is wrong is told beside its field, and nothing is saved."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from daftar.attendance.services import conduct_lesson
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Course, Enrolment, Lesson, Suspension
from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk
from daftar.finance.services import give_bonus, take_payment
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.office import formats
from daftar.office.urls import urlpatterns
from daftar.orgs.models import Branch, Organization
from daftar.orgs.services import add_branch
from daftar.tuition.models import CreditDeclined, CreditGiven, Discount, Subscription, Tariff, TariffPrice
from daftar.tuition.services import enrol_active
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_course, a_group, a_student, enrolled
from tests.probe import good_bodies
from tests.test_pages import MOST, statements
from tests.test_sweep import address


@pytest.fixture
def planned(ours):
    """The probe's ids with a lesson that is still ahead."""
    with tenant_transaction(ours.by.org_id):
        rows = Lesson.objects.visible_to(ours.by).filter(status=LessonStatus.PLANNED, group_id=ours.ids["group_id"])
        return ours.ids | {"lesson_id": rows.order_by("held_on")[0].pk}


def url(name: str, ours, ids=None) -> str:
    return address(next(route for route in urlpatterns if route.name == name), ours.slug, ids or ours.ids)


@pytest.mark.parametrize(
    ("currency", "price", "stored", "wrong"), [("UZS", "350000", 350_000_00, "15.5555"), ("JPY", "3500", 3500, "15.5")]
)
def test_a_price_has_the_decimals_of_the_currency_that_is_chosen(ours, owner, currency, price, stored, wrong):
    with tenant_transaction(ours.by.org_id):
        add_branch(ours.by, name="Osaka", timezone="Asia/Tokyo", currency="JPY", language="en")
    body = good_bodies(ours)["tariff-new"] | {"currency": currency, "price": price, "branches": []}
    assert owner.post(url("tariff-new", ours), body).status_code == 302
    assert owner.post(url("course-new", ours), good_bodies(ours)["course-new"] | {"currency": currency, "price": price})
    with tenant_transaction(ours.by.org_id):
        assert Tariff.objects.visible_to(ours.by).latest("id").prices.get().amount == stored
        made = Course.objects.visible_to(ours.by).latest("id")
        assert (made.currency, made.price) == (currency, stored)
    answer = owner.post(url("tariff-new", ours), body | {"name": "Another", "price": wrong})
    assert answer.status_code == 422
    assert "fewer decimals" in beside(answer, "price")


def beside(answer, field: str) -> str:
    """What is said beside a field, or nothing."""
    said = re.search(rf'id="id_{field}_error">(.*?)</div>', answer.content.decode())
    return said[1] if said else ""


def test_a_price_of_a_tariff_that_was_mistyped_is_put_right_for_the_same_day(ours, owner):
    path, body = url("tariff-price", ours), good_bodies(ours)["tariff-price"]
    for price in ("40000", "400000"):
        assert owner.post(path, body | {"price": price}).status_code == 302
    with tenant_transaction(ours.by.org_id):
        prices = TariffPrice.objects.visible_to(ours.by).filter(tariff_id=ours.ids["tariff_id"])
        assert list(prices.filter(from_on=body["from_on"]).values_list("amount", flat=True)) == [40_000_000]


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


def test_d16_the_card_tells_of_a_zero_as_the_branch_decided_or_else_the_centre(ours, owner):
    by = ours.by
    with tenant_transaction(by.org_id):
        student = a_student(by, "At Zero")
        group = a_group(by, starts_on=str(by.today), last_on=str(by.today + timedelta(days=60)))
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=by.today)
        owed, desk = -balances(by, [student.pk])[student.pk], Desk.objects.visible_to(by).filter(branch=group.branch)[0]
        take_payment(by, student_id=student.pk, desk_id=desk.pk, amount=owed, paid_on=by.today, key="zero")
    found = []
    for centre, branch in (("settled", ""), ("due", ""), ("due", "settled"), ("settled", "due")):
        with tenant_transaction(by.org_id):
            Organization.objects.filter(pk=by.org_id).update(zero_balance=centre)
            Branch.objects.visible_to(by).update(zero_balance=branch)
        found.append("Active, at zero" in owner.get(f"/lingua/students/{student.pk}/").content.decode())
    assert found == [False, True, False, True]


def test_at_34_the_card_says_what_lies_on_which_account_and_what_bonuses_there_are(ours, owner):
    by, desk_id, yesterday = ours.by, ours.ids["desk_id"], ours.by.today - timedelta(days=1)
    with tenant_transaction(by.org_id):
        student = a_student(by, "Two Purses")
        course = a_course(by, "Tongues", price=None, subject="english")
        group = a_group(by, course, "Daily", weekdays=range(1, 8), starts_on=str(yesterday), last_on=str(by.today))
        whose = {"student_id": student.pk, "paid_on": yesterday}
        take_payment(by, desk_id=desk_id, amount=500_00, key="base", **whose)
    card = url("student", ours, ours.ids | {"student_id": student.pk})

    def shown() -> str:
        """The facts under the balance, without marks."""
        facts = re.search(r'class="balance.*?</dl>', owner.get(card).content.decode(), re.DOTALL)[0]
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", facts)).replace("\u00a0", " ").split())

    assert "The student's balance" not in shown(), "there is no other"
    assert "Bonuses" not in shown()
    with tenant_transaction(by.org_id):
        terms = TariffTerms("English apart", PlanKind.PER_LESSON, "UZS", subjects=("english",))
        tariff = add_tariff(by, terms=terms, price=250_00, from_on=yesterday)
        binding = Binding(yesterday, is_separate=True)
        bound = bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=binding)
        enrolled(by, student, group, str(yesterday))
        # Activating would ask for a price of the group.
        Enrolment.objects.visible_to(by).filter(student=student).update(activated_on=yesterday)
        take_payment(by, desk_id=desk_id, amount=2_000_00, key="apart", subscription_id=bound.pk, **whose)
        give_bonus(by, amount=30_00, key="bonus", note="a friend", **whose)
        lesson = Lesson.objects.visible_to(by).get(group=group, held_on=yesterday)
        conduct_lesson(by, lesson_id=lesson.pk, absent={})
    said = shown()
    base, own, rest = "UZS 2,250 The student's balance UZS 500", "English apart UZS 1,750", "Bonuses UZS 30 Paid until"
    day = formats.day(by.today).replace("\u00a0", " ")
    reach = f"Paid until: {day} · Lessons left: 1"
    assert f"{base} {own} {reach} {rest}" in said, said
    assert statements(owner, card) <= MOST


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


@pytest.fixture
def paid_ahead(ours):
    """A member charged yesterday for a month of lessons on every day, where the centre keeps what was charged."""
    yesterday = ours.by.today - timedelta(days=1)
    with tenant_transaction(ours.by.org_id):
        Organization.objects.filter(pk=ours.by.org_id).update(unserved_lessons="kept")
        Branch.objects.visible_to(ours.by).update(unserved_lessons="")
        course = a_course(ours.by, "Months of one's own", plan=PlanKind.STUDENT_MONTH)
        days = {"weekdays": range(1, 8), "starts_on": str(yesterday - timedelta(days=9))}
        group = a_group(ours.by, course, "Daily", **days, last_on=str(yesterday + timedelta(days=90)))
        other = a_group(ours.by, course, "Another", **days, last_on=str(yesterday + timedelta(days=90)))
        member = enrol_active(ours.by, student_id=a_student(ours.by).pk, group_id=group.pk, starts_on=yesterday)
    return ours.ids | {"enrolment_id": member.pk, "student_id": member.student_id, "into": other.pk}


DEEDS = {
    "enrolment-leave": {"last_on": 0},
    "enrolment-transfer": {"last_on": 0, "starts_on": 1},
    "student-pause": {"starts_on": 0},
}


@pytest.mark.parametrize("name", DEEDS)
def test_where_the_centre_keeps_what_was_charged_it_is_shown_and_can_be_given_with_a_reason(
    ours, owner, paid_ahead, name
):
    there = url(name, ours, paid_ahead)
    body = {field: str(ours.by.today + timedelta(days=ahead)) for field, ahead in DEEDS[name].items()}
    body |= {"group_id": str(paid_ahead["into"])} if name == "enrolment-transfer" else {}
    begun = owner.get(there, body, headers={"HX-Request": "true"}).content.decode()
    assert "stays charged for lessons that will not take place" in begun
    assert "decline_reason" not in begun

    told = owner.get(there, body | {"gives_credit": "on", "give_reason": "ill"}, headers={"HX-Request": "true"})
    assert "stays charged" not in told.content.decode()

    missing = owner.post(there, body | {"gives_credit": "on"})
    assert missing.status_code == 422
    assert 'id="id_give_reason_error"' in missing.content.decode()
    assert given(ours) == []
    assert owner.post(there, body | {"gives_credit": "on", "give_reason": "ill"}).status_code == 302
    assert given(ours) == ["ill"]


def test_of_several_who_leave_it_is_said_whether_what_was_paid_stays_charged(ours, owner, paid_ahead):
    with tenant_transaction(ours.by.org_id):
        group_id = Enrolment.objects.visible_to(ours.by).get(pk=paid_ahead["enrolment_id"]).group_id
    there = url("group-several", ours, ours.ids | {"group_id": group_id})
    assert "later lessons stays charged" in owner.get(there).content.decode()
    with tenant_transaction(ours.by.org_id):
        Organization.objects.filter(pk=ours.by.org_id).update(unserved_lessons="credited")
    assert "later lessons is credited" in owner.get(there).content.decode()


def test_where_the_centre_gives_it_back_the_page_asks_why_not(ours, owner, paid_ahead):
    with tenant_transaction(ours.by.org_id):
        Organization.objects.filter(pk=ours.by.org_id).update(unserved_lessons="credited")
    there, body = url("enrolment-leave", ours, paid_ahead), {"last_on": str(ours.by.today)}
    text = owner.get(there).content.decode()
    assert "decline_reason" in text
    assert "give_reason" not in text
    assert owner.post(there, body).status_code == 422, "unticked, and nothing said"
    assert owner.post(there, body | {"gives_credit": "on"}).status_code == 302


@pytest.mark.parametrize(
    ("made", "what", "model", "body"),
    [
        ("discount-new", "discount", Discount, {"kind": "percent", "percent": "50"}),
        ("student-pause", "suspension", Suspension, {"gives_credit": "on"}),
    ],
)
def test_a_discount_or_a_pause_is_taken_back_from_its_page_with_the_money_shown_first(
    ours, owner, paid_ahead, made, what, model, body
):
    student_id = paid_ahead["student_id"]
    with tenant_transaction(ours.by.org_id):
        Organization.objects.filter(pk=ours.by.org_id).update(unserved_lessons="credited")
        before = balances(ours.by, [student_id])
    body = body | {"starts_on": str(ours.by.today - timedelta(days=1))}
    assert owner.post(url(made, ours, paid_ahead), body).status_code == 302
    with tenant_transaction(ours.by.org_id):
        row = model.objects.visible_to(ours.by).get(student_id=student_id)
        assert balances(ours.by, [student_id]) != before

    page = owner.get(url(f"{what}-edit", ours, ours.ids | {f"{what}_id": row.pk})).content.decode()
    link = re.search(r'href="([^"]+)" data-testid="take-back"', page)[1]
    assert "Will be charged" in owner.get(link).content.decode()
    with tenant_transaction(ours.by.org_id):
        assert balances(ours.by, [student_id]) != before, "looked at, and not done"
    answer = owner.post(link, {"sent": "on"})
    assert answer["Location"] == f"/lingua/students/{student_id}/?tab=prices"
    with tenant_transaction(ours.by.org_id):
        assert not model.objects.visible_to(ours.by).filter(pk=row.pk).exists()
        assert balances(ours.by, [student_id]) == before


def test_a_tariff_bound_by_mistake_is_taken_back_from_the_card_with_the_money_shown_first(ours, owner, paid_ahead):
    student_id, day = paid_ahead["student_id"], ours.by.today - timedelta(days=40)
    with tenant_transaction(ours.by.org_id):
        terms = TariffTerms("Twice a month", PlanKind.CALENDAR_MONTH, "UZS")
        tariff = add_tariff(ours.by, terms=terms, price=900_000, from_on=day)
        before = balances(ours.by, [student_id])
    body = {"tariff_id": tariff.pk, "starts_on": str(day), "last_on": str(ours.by.today - timedelta(days=1))}
    owner.post(url("student-bind", ours, paid_ahead), body)
    with tenant_transaction(ours.by.org_id):
        assert balances(ours.by, [student_id]) != before

    card = f"/lingua/students/{student_id}/?tab=prices"
    found = re.findall(r'href="([^"]+/unbind/)"', owner.get(card).content.decode())
    with tenant_transaction(ours.by.org_id):
        row = Subscription.objects.visible_to(ours.by).get(tariff=tariff)
        of_tariffs = Subscription.objects.visible_to(ours.by).filter(student_id=student_id, tariff__isnull=False)
        assert len(found) == of_tariffs.count(), "also one that is over, and none that came with a group"
    link = url("subscription-unbind", ours, ours.ids | {"subscription_id": row.pk})
    assert link in found
    assert "Will come back" in unescape(owner.get(link).content.decode())
    with tenant_transaction(ours.by.org_id):
        assert balances(ours.by, [student_id]) != before, "looked at, and not done"
    assert owner.post(link, {"sent": "on"})["Location"] == card
    with tenant_transaction(ours.by.org_id):
        assert balances(ours.by, [student_id]) == before
    assert owner.post(link, {"sent": "on"}).status_code == 404


def test_a_discount_that_the_rule_for_siblings_gave_is_not_offered_to_be_taken_back(ours, owner):
    path = url("discount-edit", ours)
    keeps = "keeps its percent and last day"
    page = owner.get(path).content.decode()
    assert ("take-back" in page, keeps in page) == (True, False)
    with tenant_transaction(ours.by.org_id):
        Discount.objects.visible_to(ours.by).update(is_for_siblings=True)
    page = owner.get(path).content.decode()
    assert ("take-back" in page, keeps in page) == (False, True)


def given(ours) -> list[str]:
    """The reasons of what was given to the member."""
    with tenant_transaction(ours.by.org_id):
        return list(CreditGiven.objects.visible_to(ours.by).filter(reason="ill").values_list("reason", flat=True))


SEVERAL = {"leave": {}, "transfer": {"group_id": "into"}, "pause": {}, "trial": {}}


@pytest.mark.parametrize("deed", SEVERAL)
def test_what_was_paid_ahead_is_declined_for_several_with_a_reason(ours, owner, paid_ahead, deed):
    with tenant_transaction(ours.by.org_id):
        Organization.objects.filter(pk=ours.by.org_id).update(unserved_lessons="credited")
        group_id = Enrolment.objects.visible_to(ours.by).get(pk=paid_ahead["enrolment_id"]).group_id
    there = url("group-several", ours, ours.ids | {"group_id": group_id})
    body = {"enrolment_ids": [paid_ahead["enrolment_id"]], "deed": deed, "on": str(ours.by.today + timedelta(days=1))}
    body |= {name: str(paid_ahead[key]) for name, key in SEVERAL[deed].items()}
    missing = owner.post(there, body)
    assert missing.status_code == 422
    assert "Write why nothing is credited." in beside(missing, "decline_reason")
    assert declined(ours) == []
    assert owner.post(there, body | {"decline_reason": "as agreed"}).status_code == 302
    assert declined(ours) == ["as agreed"]


@pytest.mark.parametrize("deed", SEVERAL)
def test_what_the_centre_keeps_is_given_back_to_several_with_a_reason(ours, owner, paid_ahead, deed):
    with tenant_transaction(ours.by.org_id):
        group_id = Enrolment.objects.visible_to(ours.by).get(pk=paid_ahead["enrolment_id"]).group_id
    there = url("group-several", ours, ours.ids | {"group_id": group_id})
    body = {"enrolment_ids": [paid_ahead["enrolment_id"]], "deed": deed, "on": str(ours.by.today + timedelta(days=1))}
    body |= {name: str(paid_ahead[key]) for name, key in SEVERAL[deed].items()} | {"gives_credit": "on"}
    assert "Write why it is given back." in beside(owner.post(there, body), "give_reason")
    assert owner.post(there, body | {"give_reason": "ill"}).status_code == 302
    assert given(ours) == ["ill"]


def test_back_to_trial_asks_whether_what_was_paid_ahead_comes_back(ours, owner, paid_ahead):
    there, body = url("enrolment-trial", ours, paid_ahead), {"from_on": str(ours.by.today + timedelta(days=1))}
    assert "Write why it is given back." in beside(owner.post(there, body | {"gives_credit": "on"}), "give_reason")
    assert owner.post(there, body | {"gives_credit": "on", "give_reason": "ill"}).status_code == 302
    assert given(ours) == ["ill"]


def declined(ours) -> list[str]:
    with tenant_transaction(ours.by.org_id):
        return list(
            CreditDeclined.objects.visible_to(ours.by).filter(reason="as agreed").values_list("reason", flat=True)
        )


@pytest.mark.parametrize("moves", [True, False])
def test_whether_pauses_move_its_end_is_said_when_a_tariff_is_bound(ours, owner, moves):
    there = url("student-bind", ours)
    assert 'name="extended_by_suspensions"' in owner.get(there).content.decode()
    body = good_bodies(ours)["student-bind"] | ({"extended_by_suspensions": "on"} if moves else {})
    assert owner.post(there, body).status_code == 302
    with tenant_transaction(ours.by.org_id):
        assert Subscription.objects.visible_to(ours.by).latest("id").extended_by_suspensions is moves

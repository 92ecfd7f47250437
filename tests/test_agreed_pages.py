"""What is agreed with one student, on its pages: an own price that ends, and discounts of the rule for siblings."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.models import Discount, Subscription
from daftar.tuition.services import enrol_active
from tests.cast import PASSWORD, a_course, a_group, a_student
from tests.test_sweep import said

KEPT = "The centre&#39;s rule for siblings keeps"


@pytest.fixture
def pupil(ours):
    """The student, and the subscription that came with a group of 300 000 a month."""
    by = ours.by
    with tenant_transaction(by.org_id):
        first = by.today.replace(day=1)
        last = str(first.replace(year=first.year + 1))
        group = a_group(by, a_course(by, "Italian"), "Roma", starts_on=str(first), last_on=last)
        student = a_student(by, "Aziz")
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=first)
        row = Subscription.objects.visible_to(by).get(student=student)
    return student.pk, row.pk


def owed(ours, student_id: int) -> int:
    with tenant_transaction(ours.by.org_id):
        return -balances(ours.by, [student_id])[student_id] // 100


def has_own(ours, subscription_id: int) -> bool:
    with tenant_transaction(ours.by.org_id):
        return bool(Subscription.objects.visible_to(ours.by).get(pk=subscription_id).has_own_price)


def undo_in(page: str) -> str:
    return unescape(re.search(r'action="([^"]*/price/[^"]*)"', page)[1])


def values(page: str) -> dict[str, str]:
    """What the fields of a form begin with."""
    return dict(re.findall(r'<input[^>]* name="(from_on|price)" value="([^"]*)"', page))


def test_an_own_price_ends_from_the_card_with_the_money_shown_first(ours, owner, pupil):
    student_id, subscription_id = pupil
    card, first = f"/lingua/students/{student_id}/?tab=prices", ours.by.today.replace(day=1)
    price, ending = (f"/lingua/subscriptions/{subscription_id}/price/{end}" for end in ("", "end/"))
    assert "As the course again" not in said(owner.get(card))
    assert owner.post(price, {"price": "200 000", "from_on": str(first)}).status_code == 302
    assert owed(ours, student_id) == 200_000

    text = said(owner.get(card))
    assert f'href="{ending}"' in text
    assert "As the course again" in text
    there = unescape(said(owner.get(f"{ending}?from_on={first}")))
    assert "Aziz as the course again" in there
    assert re.search(r"Will be charged.*?100.000", there, re.DOTALL)
    assert owed(ours, student_id) == 200_000, "looked at, and not done"
    assert owner.post(ending, {"from_on": str(first)})["Location"] == card
    assert (owed(ours, student_id), has_own(ours, subscription_id)) == (300_000, False)
    answer = owner.post(ending, {"from_on": str(first)})
    assert answer.status_code == 422
    assert re.search(r'id="from_on_error|id="id_from_on_error">[^<]*no price of its own', said(answer))


def test_undo_leads_to_the_form_that_takes_it_back_either_way(ours, owner, pupil):
    student_id, subscription_id = pupil
    first = str(ours.by.today.replace(day=1))
    price, ending = (f"/lingua/subscriptions/{subscription_id}/price/{end}" for end in ("", "end/"))
    page = said(owner.post(price, {"price": "200 000", "from_on": first}, follow=True))
    assert undo_in(page) == f"{ending}?from_on={first}"
    form = owner.post(undo_in(page), {"sent": "on", "next": "/lingua/"}, follow=True)
    assert form.redirect_chain == [(f"{ending}?from_on={first}", 302)]
    assert values(said(form)) == {"from_on": first}
    assert has_own(ours, subscription_id), "asked first"

    page = said(owner.post(ending, {"from_on": first}, follow=True))
    form = owner.post(undo_in(page), {"sent": "on", "next": "/lingua/"}, follow=True)
    begun = values(said(form))
    assert begun["from_on"] == first
    assert not has_own(ours, subscription_id)
    owner.post(price, begun)
    assert (owed(ours, student_id), has_own(ours, subscription_id)) == (200_000, True)


def test_another_own_price_in_place_of_one_offers_no_undo_that_would_end_it(ours, owner, pupil):
    _student_id, subscription_id = pupil
    price, today = f"/lingua/subscriptions/{subscription_id}/price/", str(ours.by.today)
    offers = []
    for amount in ("200 000", "210 000"):
        page = said(owner.post(price, {"price": amount, "from_on": today}, follow=True))
        offers.append("toast-undo" in page)
    assert offers == [True, False]


def test_the_price_of_a_tariff_ends_in_the_words_of_the_tariff(ours, owner):
    with tenant_transaction(ours.by.org_id):
        row = Subscription.objects.visible_to(ours.by).get(pk=ours.ids["subscription_id"])
    assert "As the tariff again" in said(owner.get(f"/lingua/students/{row.student_id}/?tab=prices"))
    assert "as the tariff again" in said(owner.get(f"/lingua/subscriptions/{row.pk}/price/end/"))


def test_who_may_only_look_is_offered_no_end_of_an_own_price(ours, pupil):
    student_id, subscription_id = pupil
    with tenant_transaction(ours.by.org_id):
        Subscription.objects.visible_to(ours.by).filter(pk=subscription_id).update(has_own_price=True)
    client = Client()
    client.post("/login/", {"login": ours.logins["cashier"], "password": PASSWORD})
    text = said(client.get(f"/lingua/students/{student_id}/?tab=prices"))
    assert "own price" in text
    assert "price/end/" not in text


@pytest.fixture
def for_siblings(ours, pupil):
    """A discount that the rule gave the student, and one that a person gave."""
    with tenant_transaction(ours.by.org_id):
        made = [
            Discount.objects.create(
                org_id=ours.by.org_id, student_id=pupil[0], starts_on=ours.by.today - timedelta(days=1), **what
            )
            for what in ({"percent": 12, "is_for_siblings": True}, {"percent": 7, "reason": "a loyal family"})
        ]
    return [row.pk for row in made]


def test_a_discount_of_the_rule_says_for_siblings_wherever_it_is_listed(ours, owner, pupil, for_siblings):
    card = said(owner.get(f"/lingua/students/{pupil[0]}/?tab=prices"))
    assert re.findall(r">(\d+ %)</a><small>[^<]*· ([^<·]+)</small>", card) == [
        ("7 %", "a loyal family"), ("12 %", "for siblings"),
    ]  # fmt: skip
    rows = re.findall(r"<tr>.*?</tr>", said(owner.get("/lingua/discounts/")), re.DOTALL)
    mine = [("for siblings" in row, "a loyal family" in row) for row in rows if f"/students/{pupil[0]}/" in row]
    assert mine == [(False, True), (True, False)]
    with tenant_transaction(ours.by.org_id):
        assert Discount.objects.visible_to(ours.by).get(pk=for_siblings[0]).reason == "", "not kept"


def test_another_percent_or_last_day_of_it_is_refused_beside_its_field(ours, owner, for_siblings):
    day = str(ours.by.today)
    good = {"kind": "percent", "percent": "12", "starts_on": day}
    there, other = (f"/lingua/discounts/{pk}/edit/" for pk in for_siblings)
    for wrong, field in (({"percent": "15"}, "percent"), ({"last_on": day}, "last_on")):
        answer = owner.post(there, good | wrong)
        assert answer.status_code == 422
        beside = re.search(rf'id="id_{field}_error">(.*?)</div>', said(answer), re.DOTALL)
        assert KEPT in beside[1], field
        assert owner.post(other, good | wrong).status_code == 302, "one that a person gave"
    assert owner.post(there, good | {"reason": "as agreed"}).status_code == 302

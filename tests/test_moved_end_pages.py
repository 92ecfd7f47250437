"""Between the last day of a subscription and the one to which a pause moved it, every page shows that it runs on."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from daftar.courses.models import Suspension
from daftar.courses.rules import PlanKind
from daftar.lib.tenancy import tenant_transaction
from daftar.office import formats
from daftar.tuition.models import PriceStep
from daftar.tuition.pauses import suspend
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import PASSWORD, a_student
from tests.test_pages import MOST, statements
from tests.test_tuition_pages import url


def bound(ours, *, last_on: int, pause: int | None = 7, name="Rested", **values):
    """A student whose tariff was bound thirty days ago to a last day, with so many days of a pause (0: still open)."""
    by, today = ours.by, ours.by.today
    begun = today - timedelta(days=30)
    with tenant_transaction(by.org_id):
        student = a_student(by, name)
        terms = TariffTerms(f"Apart {name}", PlanKind.PER_LESSON, "UZS")
        tariff = add_tariff(by, terms=terms, price=40_000, from_on=begun)
        binding = Binding(begun, today + timedelta(days=last_on), is_separate=True, **values)
        row = bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=binding)
        if pause is not None:
            first = today - timedelta(days=20)
            last = first + timedelta(days=pause - 1) if pause else None
            suspend(by, student_ids=[student.pk], starts_on=first, last_on=last)
    return row


def ids(ours, row) -> dict[str, int]:
    return ours.ids | {"student_id": row.student_id, "subscription_id": row.pk, "tariff_id": row.tariff_id}


def seen(answer) -> str:
    """What a page says, without marks and hard spaces."""
    text = unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).replace("\u00a0", " ")
    return " ".join(text.split())


def day(ours, ahead: int) -> str:
    return formats.day(ours.by.today + timedelta(days=ahead)).replace("\u00a0", " ")


def card(ours, owner, row, tab="") -> str:
    return seen(owner.get(url("student", ours, ids(ours, row)) + (f"?tab={tab}" if tab else "")))


def subscription_row(ours, owner, row) -> str:
    """The row of the subscription on the card, with its marks."""
    page = owner.get(url("student", ours, ids(ours, row)) + "?tab=prices").content.decode()
    return next(part for part in re.findall(r"<li.*?</li>", page, re.DOTALL) if f"/subscriptions/{row.pk}/" in part)


# The last day was three days ago; with a pause of seven it is in four days, with one of three it is today, with two it
# was yesterday.
@pytest.mark.parametrize(("pause", "runs"), [(7, True), (3, True), (2, False), (None, False), (0, True)])
def test_after_its_last_day_a_subscription_runs_on_as_long_as_pauses_moved_it(ours, owner, pause, runs):
    row = bound(ours, last_on=-3, pause=pause)
    assert ("UZS 400" in card(ours, owner, row)) is runs, "the price on the card"
    shown = subscription_row(ours, owner, row)
    assert ("text-secondary" not in shown.partition(">")[0]) is runs
    for deed in ("subscription-price", "subscription-end"):
        assert (url(deed, ours, ids(ours, row)) in shown) is runs, deed
    form = owner.get(url("payment-new", ours) + f"?student={row.student_id}").content.decode()
    assert ("Apart Rested" in unescape(form)) is runs, "its own account"


def test_a_subscription_that_no_pause_moves_is_over(ours, owner):
    row = bound(ours, last_on=-3, extended_by_suspensions=False)
    assert "UZS 400" not in card(ours, owner, row)
    assert url("subscription-price", ours, ids(ours, row)) not in subscription_row(ours, owner, row)


def test_the_card_says_until_when_and_to_where_pauses_moved_that(ours, owner):
    row = bound(ours, last_on=-3)
    said = f"from {day(ours, -30)} until {day(ours, -3)}, moved by pauses to {day(ours, 4)}"
    assert said in card(ours, owner, row, "prices")
    still = bound(ours, last_on=-3, pause=0, name="Away")
    said = f"from {day(ours, -30)} until {day(ours, -3)}, which an open pause puts off"
    assert said in card(ours, owner, still, "prices")
    plain = bound(ours, last_on=-3, pause=None, name="Plain")
    assert f"{day(ours, -30)} – {day(ours, -3)}" in card(ours, owner, plain, "prices")


def test_who_sets_the_last_day_is_told_where_pauses_move_it(ours, owner):
    row, plain = bound(ours, last_on=-3), bound(ours, last_on=-3, pause=None, name="Plain")
    assert f"now to {day(ours, 4)}." in seen(owner.get(url("subscription-end", ours, ids(ours, row))))
    assert "Pauses move" not in seen(owner.get(url("subscription-end", ours, ids(ours, plain))))
    away = bound(ours, last_on=-3, pause=0, name="Away")
    assert "An open pause puts the last day off" in seen(owner.get(url("subscription-end", ours, ids(ours, away))))


@pytest.mark.parametrize(("pause", "count"), [(7, "1 student."), (None, "0 students.")])
def test_a_new_price_of_the_tariff_counts_and_reaches_who_runs_on(ours, owner, pause, count):
    row = bound(ours, last_on=-3, pause=pause)
    there = url("tariff-price", ours, ids(ours, row))
    assert f"From that day on: {count}" in seen(owner.get(there))
    body = {"price": "550", "from_on": str(ours.by.today), "bound_follow": "yes"}
    assert owner.post(there, body).status_code == 302
    with tenant_transaction(ours.by.org_id):
        written = PriceStep.objects.visible_to(ours.by).filter(subscription=row, amount=550_00)
        assert written.exists() is (pause is not None)
    assert ("UZS 550" in card(ours, owner, row)) is (pause is not None)


def test_the_statements_do_not_grow_with_moved_subscriptions(ours, owner):
    row = bound(ours, last_on=-3)
    pages = [
        url("student", ours, ids(ours, row)), url("student", ours, ids(ours, row)) + "?tab=prices",
        url("payment-new", ours) + f"?student={row.student_id}", url("tariff-price", ours, ids(ours, row)),
    ]  # fmt: skip
    for page in pages:
        statements(owner, page)
    few = [statements(owner, page) for page in pages]
    with tenant_transaction(ours.by.org_id):
        by, days = ours.by, {"starts_on": row.starts_on, "last_on": row.ends_on - timedelta(days=1)}
        for place in range(4):
            terms = TariffTerms(f"More {place}", PlanKind.PER_LESSON, "UZS")
            more = add_tariff(by, terms=terms, price=1, from_on=row.starts_on)
            binding = Binding(**days, is_separate=True)
            bind_tariff(by, student_id=row.student_id, tariff_id=more.pk, binding=binding)
            other = a_student(by, f"Other {place}")
            bind_tariff(by, student_id=other.pk, tariff_id=row.tariff_id, binding=binding)
            first = by.today - timedelta(days=20)
            suspend(by, student_ids=[other.pk], starts_on=first, last_on=first + timedelta(days=6))
    assert [statements(owner, page) for page in pages] == few
    assert max(few) <= MOST


# --- what is shown of a subscription, and of pauses -------------------------------------------------------------------


def test_the_card_shows_the_note_of_a_subscription_and_whether_pauses_move_its_last_day(ours, owner):
    row = bound(ours, last_on=3, pause=None, note="As agreed with the father")
    shown = card(ours, owner, row, "prices")
    assert "As agreed with the father" in shown
    assert "pauses move its last day" in shown
    assert "pauses move its last day" not in card(ours, owner, bound(ours, last_on=3, name="Moved"), "prices")
    fixed = bound(ours, last_on=3, name="Fixed", extended_by_suspensions=False)
    assert "pauses do not move its last day" in card(ours, owner, fixed, "prices")


def test_pauses_say_whether_they_move_the_end_and_who_pauses_today(ours, owner):
    row = bound(ours, last_on=3, pause=0)
    for page in (url("suspensions", ours), url("student", ours, ids(ours, row)) + "?tab=prices"):
        shown = seen(owner.get(page))
        assert "moves the end of the subscription" in shown
        assert "Frozen" in shown
        assert "leaves the end" not in shown
    with tenant_transaction(ours.by.org_id):
        mine = Suspension.objects.visible_to(ours.by).filter(student_id=row.student_id)
        mine.update(extends=False, ends_on=ours.by.today)
    over = url("suspensions", ours) + "?state=over&q=Rested"
    for page in (over, url("student", ours, ids(ours, row)) + "?tab=prices"):
        shown = seen(owner.get(page))
        assert "leaves the end of the subscription where it is" in shown
        assert "Frozen" not in shown


@pytest.mark.parametrize(("listed", "new"), [("discounts", "discount-new"), ("suspensions", "student-pause")])
def test_from_the_list_a_student_is_chosen_and_the_form_opens(ours, owner, listed, new):
    row = bound(ours, last_on=3, name="Xurshid Onlyone")
    whose = "discount-whose" if listed == "discounts" else "pause-whose"
    there = url(whose, ours)
    assert there in owner.get(url(listed, ours)).content.decode()
    form = url(new, ours, ids(ours, row))
    assert owner.get(there).status_code == 200
    assert owner.get(there, {"q": "Onlyone"})["Location"] == form
    typed = owner.get(there, {"q": "Onlyone"}, headers={"HX-Request": "true"}).content.decode()
    assert f'href="?student={row.student_id}"' in typed
    assert owner.get(there, {"student": row.student_id})["Location"] == form
    assert owner.get(form).status_code == 200


def test_lists_of_discounts_and_pauses_are_narrowed_to_a_name(ours, owner):
    bound(ours, last_on=3, pause=0, name="Xurshid Onlyone")
    bound(ours, last_on=3, pause=0, name="Zilola Another")
    shown = seen(owner.get(url("suspensions", ours), {"q": "хуршид"}))
    assert "Xurshid Onlyone" in shown
    assert "Zilola Another" not in shown
    assert "Zilola Another" in seen(owner.get(url("suspensions", ours)))
    page = owner.get(url("suspensions", ours), {"q": "Nobody At All"})
    assert "No one matches “Nobody At All”" in seen(page)
    assert "Xurshid Onlyone" not in seen(page)

    discounts = url("discounts", ours) + "?state=all"
    some = re.findall(r'class="cell-name">', owner.get(discounts).content.decode())
    assert some
    assert "cell-name" not in owner.get(f"{discounts}&q=Onlyone").content.decode()
    text = owner.get(f"{discounts}&q={ours.canary}").content.decode()
    assert len(re.findall(r'class="cell-name">', text)) == len(some), "they are all of students called so"
    assert "state=ahead&amp;q=" in text, "the tabs keep it"


def test_whoever_may_only_look_is_offered_neither(ours):
    client = Client()
    client.post("/login/", {"login": ours.logins["cashier"], "password": PASSWORD})
    for listed, new in (("discounts", "discount-whose"), ("suspensions", "pause-whose")):
        assert url(new, ours) not in client.get(url(listed, ours)).content.decode()
        assert client.get(url(new, ours)).status_code == 403

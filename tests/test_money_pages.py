"""Forms on money with what nobody may send: refused beside the field, what was typed stays, nothing is saved."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from daftar.courses.models import Enrolment
from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk, Payment
from daftar.finance.services import take_payment
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances, separate_accounts
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.services import add_branch
from daftar.people import services as people
from daftar.people.models import Student
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff, end_subscription
from tests.cast import PASSWORD, a_course, a_group, enrolled
from tests.probe import a_probe, good_bodies
from tests.test_sweep import address, urlpatterns

AMOUNTS = {
    "refund-new": "amount", "correction-new": "amount", "sale-new": "price", "money-move": "amount",
    "payment-edit": "amount",
}  # fmt: skip
WITH_DESKS = ("refund-new", "sale-new", "money-move", "payment-edit")


@pytest.fixture
def send(ours):
    """Sends a form with some values changed; answers the page."""
    client = Client()
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})

    def sent(name: str, **changed):
        route = next(route for route in urlpatterns if route.name == name)
        return client.post(address(route, ours.slug, ours.ids), good_bodies(ours)[name] | changed)

    return sent


def transfers(ours) -> int:
    with tenant_transaction(ours.by.org_id):
        return Transfer.objects.visible_to(ours.by).count()


def is_refused(answer, field: str) -> bool:
    text = answer.content.decode()
    return answer.status_code == 422 and re.search(f'id="id_{field}_error"', text) is not None


@pytest.mark.parametrize("name", AMOUNTS)
@pytest.mark.parametrize("amount", ["-100", "0", "1000000000000", "9" * 20, "much", ""])
def test_wrong_sums_are_refused_beside_the_sum(ours, send, name, amount):
    before, field = transfers(ours), AMOUNTS[name]
    answer = send(name, **{field: amount})
    assert is_refused(answer, field), answer.content.decode()[-2000:]
    assert f'value="{amount}"' in answer.content.decode() or not amount
    assert transfers(ours) == before


@pytest.mark.parametrize("name", WITH_DESKS)
def test_a_neighbours_desk_is_refused_beside_the_desk(ours, send, name):
    other, before = a_probe("other"), transfers(ours)
    assert is_refused(send(name, desk_id=other.ids["desk_id"]), "desk_id")
    if name == "money-move":
        assert is_refused(send(name, to_desk_id=other.ids["desk_id"]), "to_desk_id")
    assert transfers(ours) == before


@pytest.mark.parametrize("name", WITH_DESKS)
def test_a_desk_of_another_currency_is_refused_beside_the_desk(ours, send, name):
    with tenant_transaction(ours.by.org_id):
        branch = add_branch(ours.by, name="Abroad", timezone="Europe/Rome", currency="EUR", language="it")
        desk = Desk.objects.visible_to(ours.by).filter(branch=branch)[0].pk
    before, field = transfers(ours), "to_desk_id" if name == "money-move" else "desk_id"
    assert is_refused(send(name, **{field: desk}), field)
    assert transfers(ours) == before


@pytest.mark.parametrize("name", AMOUNTS)
def test_a_day_in_closed_books_is_refused_beside_the_date(ours, send, name):
    before = transfers(ours)
    answer = send(name, paid_on=str(ours.by.today.replace(year=ours.by.today.year - 2)))
    assert is_refused(answer, "paid_on")
    assert "books are closed" in answer.content.decode()
    assert transfers(ours) == before


@pytest.mark.parametrize("name", AMOUNTS)
def test_the_same_values_sent_right_are_saved(ours, send, name):
    """The twin: nothing else in these forms keeps them from being saved."""
    before = transfers(ours)
    assert send(name).status_code == 302
    assert transfers(ours) > before


def test_a_refund_may_come_out_of_an_account_in_which_there_is_money_also_after_its_end(ours, send):
    with tenant_transaction(ours.by.org_id):
        student = Student.objects.visible_to(ours.by).get(pk=ours.ids["student_id"])
        terms = TariffTerms("Camp of its own", PlanKind.PER_LESSON, student.branch.currency, lessons_count=1)
        tariff = add_tariff(ours.by, terms=terms, price=9_900, from_on=ours.by.today)
        begun = Binding(ours.by.today - timedelta(days=9), is_separate=True)
        row = bind_tariff(ours.by, student_id=student.pk, tariff_id=tariff.pk, binding=begun)
    assert "Camp of its own" not in send("refund-new", amount="").content.decode(), "nothing lies in it yet"
    with tenant_transaction(ours.by.org_id):
        take_payment(
            ours.by, student_id=student.pk, desk_id=ours.ids["desk_id"], amount=500_000, paid_on=ours.by.today,
            key="camp", subscription_id=row.pk,
        )  # fmt: skip
        end_subscription(ours.by, subscription_id=row.pk, last_on=ours.by.today - timedelta(days=1))
    begun = send("refund-new", amount="").content.decode()
    assert "Out of" in begun
    assert "Camp of its own" in begun

    assert is_refused(send("refund-new", amount="5001", subscription_id=str(row.pk)), "amount")
    assert send("refund-new", amount="5000", subscription_id=str(row.pk)).status_code == 302
    with tenant_transaction(ours.by.org_id):
        assert separate_accounts(ours.by, [student.pk])[row.pk].balance == 0


@pytest.fixture
def apart(ours):
    """The probe's student with an account that pays for no lesson, and a payment on it; a neighbour with one, too."""
    found = []
    with tenant_transaction(ours.by.org_id):
        student = Student.objects.visible_to(ours.by).get(pk=ours.ids["student_id"])
        terms = TariffTerms("Camp of its own", PlanKind.PER_LESSON, student.branch.currency, subjects=("none",))
        tariff = add_tariff(ours.by, terms=terms, price=9_900, from_on=ours.by.today)
        other = people.add_student(ours.by, full_name="Neighbour", branch_id=student.branch_id)
        for each in (student, other):
            binding = Binding(ours.by.today, is_separate=True)
            found.append(bind_tariff(ours.by, student_id=each.pk, tariff_id=tariff.pk, binding=binding).pk)
        paid = take_payment(
            ours.by, student_id=student.pk, desk_id=ours.ids["desk_id"], amount=500_000, paid_on=ours.by.today,
            key="camp", subscription_id=found[0],
        )  # fmt: skip
    ours.ids["payment_id"] = paid.pk
    return student.pk, other.pk, found


def lies(ours, student_id: int, subscription_id: int) -> tuple[int, int]:
    with tenant_transaction(ours.by.org_id):
        apart = separate_accounts(ours.by, [student_id])[subscription_id].balance
        return balances(ours.by, [student_id])[student_id] - apart, apart


def test_a_correction_offers_the_accounts_and_refuses_those_of_others(ours, send, apart):
    student_id, _other, own = apart
    base, held = lies(ours, student_id, own[0])
    assert "On which account" in send("correction-new", amount="").content.decode()
    assert is_refused(send("correction-new", subscription_id=own[1]), "subscription_id")
    assert send("correction-new", subscription_id=own[0]).status_code == 302
    assert lies(ours, student_id, own[0]) == (base, held + 10_000)


def test_the_account_of_a_payment_is_chosen_when_it_is_edited(ours, send, apart):
    student_id, other, own = apart
    base, held = lies(ours, student_id, own[0])
    shown = send("payment-edit", amount="", subscription_id=own[0], student=student_id).content.decode()
    assert re.search(rf'value="{own[0]}" selected', shown), "it begins where the payment lies"
    assert is_refused(send("payment-edit", subscription_id=own[1], student=student_id), "subscription_id")
    body = {"amount": "5000", "student": str(student_id)}
    assert send("payment-edit", **body, subscription_id="").status_code == 302
    assert lies(ours, student_id, own[0]) == (base + 500_000, held - 500_000)
    theirs = lies(ours, other, own[1])
    with tenant_transaction(ours.by.org_id):
        ours.ids["payment_id"] = Payment.objects.visible_to(ours.by).latest("id").pk
    assert send("payment-edit", amount="5000", student=str(other), subscription_id=own[1]).status_code == 302
    assert lies(ours, other, own[1]) == (theirs[0], theirs[1] + 500_000)


def test_a_payment_on_an_account_of_its_own_is_given_to_a_student_without_one(ours, send, apart):
    _student, other, own = apart
    with tenant_transaction(ours.by.org_id):
        branch_id = Student.objects.visible_to(ours.by).get(pk=other).branch_id
        plain = people.add_student(ours.by, full_name="Plain", branch_id=branch_id).pk
    assert send("payment-edit", student=str(plain), amount="5000").status_code == 302
    with tenant_transaction(ours.by.org_id):
        assert balances(ours.by, [plain])[plain] == 500_000


def test_a_payment_goes_to_the_account_on_which_something_is_owed_unless_another_is_asked_for(ours):
    with tenant_transaction(ours.by.org_id):
        since = ours.by.today.replace(day=1)
        student = people.add_student(ours.by, full_name="Owes Apart", branch_id=ours.ids["branch_id"])
        terms = TariffTerms("Apart", PlanKind.STUDENT_MONTH, "UZS")
        tariff = add_tariff(ours.by, terms=terms, price=5_000_000, from_on=since)
        group = a_group(
            ours.by,
            a_course(ours.by, price=None, plan=PlanKind.PER_LESSON),
            starts_on=str(since),
            last_on=str(since + timedelta(days=90)),
        )
        member = enrolled(ours.by, student, group, str(since))
        Enrolment.objects.visible_to(ours.by).filter(pk=member.pk).update(activated_on=since)
        bound = bind_tariff(
            ours.by, student_id=student.pk, tariff_id=tariff.pk,
            binding=Binding(since, group_id=group.pk, is_separate=True),
        )  # fmt: skip
        owed = -(separate_accounts(ours.by, [student.pk])[bound.pk].balance or 0)
    assert owed > 0
    client = Client()
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    page = client.get(f"/lingua/payments/new/?student={student.pk}").content.decode()
    assert re.search(rf'<option value="{bound.pk}"[^>]* selected', page)
    assert f'value="{owed // 100}"' in re.sub(r"(?<=\d)[\s\u00a0,](?=\d)", "", page)
    other = client.get(f"/lingua/payments/new/?student={student.pk}&subscription=").content.decode()
    assert not re.search(rf'<option value="{bound.pk}"[^>]* selected', other)

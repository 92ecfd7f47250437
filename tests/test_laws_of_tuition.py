"""Every way of charging over random histories through the verbs, against a second pricing of what the database holds.

1 reconciling twice changes nothing · 2 the order of facts does not matter · 4 all accounts add up to zero · 5 a kept
balance is the sum of its transfers · 6 no charge is negative or above its price · 7 without its facts a charge nets to
zero · 8 a preview is what is then posted. Beside each stands a twin with a planted fault.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from daftar.attendance.models import Attendance
from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.days import add_holiday
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.models import Account, Transfer
from daftar.ledger.queries import balances, drift
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.queries import tuition_settings
from daftar.orgs.rules import SeveralDiscounts
from daftar.people.models import Student
from daftar.tuition import facts, services
from daftar.tuition.discounts import DiscountTerms, give_discount
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.models import Subscription
from daftar.tuition.pauses import suspend
from daftar.tuition.prices import choose_payer
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.rules import payer
from daftar.tuition.services import enrol_active
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff, end_subscription
from tests.cast import a_centre, a_course, a_group, a_student
from tests.decision_facts import decide_so, set_charging
from tests.histories import FIRST, a_history, a_school, done, lived
from tests.independent import independent_facts
from tests.races.conftest import as_owner
from tests.translated import charges_by_the_reference, charges_in_the_ledger, step_of

SEEDS = st.integers(0, 10**9)
SEED = 7


@pytest.fixture
def by(db):
    by = a_centre(at=datetime.combine(FIRST, time(12), tzinfo=UTC))
    with tenant_transaction(by.org_id):
        yield by


def bounded(examples: int):
    """So many histories; none is made small, which would take longer than the suite may."""
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=quiet, phases=[Phase.explicit, Phase.generate],
        print_blob=True,
    )  # fmt: skip


@bounded(8)
@given(seed=SEEDS)
def test_the_ledger_is_what_a_slow_second_pricing_says_and_the_laws_hold(by, seed):
    with transaction.atomic():
        a_school(by, seed)
        now = lived(by, a_history(seed))
        for student in students(now):
            priced_twice(now, student)
            within_the_price(now, student)
        once_is_enough(now)
        adds_up_to_zero()
        kept_right(now)
        nothing_without_facts(now)
        transaction.set_rollback(True)


def students(by) -> list[Student]:
    return list(Student.objects.visible_to(by).order_by("id"))


# --- the laws --------------------------------------------------------------------------------------------------------


def priced_twice(by, student) -> None:
    found, wanted = charges_in_the_ledger(by, student), charges_by_the_reference(by, student)
    assert found == wanted, f"{student}, priced a second time: {sorted(found ^ wanted, key=str)}"


def once_is_enough(by) -> None:
    ids = [student.pk for student in students(by)]
    assert services.reconcile(by, student_ids=ids) == 0, "law 1"


def adds_up_to_zero() -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT coalesce(sum(CASE WHEN a.id = t.credit_id THEN t.amount ELSE -t.amount END), 0)
            FROM daftar_account a JOIN daftar_transfer t ON a.id IN (t.credit_id, t.debit_id)
        """)
        assert cursor.fetchone()[0] == 0, "law 4"


def kept_right(by) -> None:
    assert drift(by) == [], "law 5"


def within_the_price(by, student) -> None:
    """Each charge, and all of a key less their credits, lie between zero and the highest price that was ever agreed.

    The price as it is rounded, like every charge.
    """
    step = step_of(student)
    nets: dict[tuple[int, str], list[int]] = {}
    for subscription, key, _on, amount in charges_in_the_ledger(by, student):
        nets.setdefault((subscription, key), []).append(amount)
    for (pk, _key), amounts in nets.items():
        row = Subscription.objects.visible_to(by).get(pk=pk)
        whole = max(row.price_steps.values_list("amount", flat=True)) * (row.months or 1)
        price = (2 * whole + step) // (2 * step) * step
        assert max(amounts) <= price, "law 6"
        assert 0 <= sum(amounts) <= price, "law 6"


def nothing_without_facts(by) -> None:
    """Nobody came, nobody is active, and every price begins when this is over."""
    Attendance.objects.visible_to(by).delete()
    Enrolment.objects.visible_to(by).update(activated_on=None, entered_on=None)
    Subscription.objects.visible_to(by).update(starts_on="2030-01-01", ends_on=None)
    ids = [student.pk for student in students(by)]
    services.reconcile(by, student_ids=ids)
    nets: dict[str, int] = {}
    for row in Transfer.objects.visible_to(by).exclude(charge_key=None).select_related("debit"):
        sign = 1 if row.debit.student_id else -1
        nets[row.charge_key] = nets.get(row.charge_key, 0) + sign * row.amount
    assert set(nets.values()) <= {0}, "law 7"


def previewed(by, deed) -> None:
    ids = [student.pk for student in students(by)]
    before, told = balances(by, ids), {each.student_id: each for each in rehearse(by, ids, deed)}
    assert balances(by, ids) == before, "a rehearsal leaves nothing"
    deed()
    after = balances(by, ids)
    assert {pk: each.after.amount for pk, each in told.items()} == after, "law 8"
    moved = {pk: sum(line.amount.amount for line in each.lines) for pk, each in told.items()}
    assert moved == {pk: after[pk] - before[pk] for pk in ids}, "law 8"


@bounded(2)
@given(seed=SEEDS)
def test_a_preview_of_any_fact_is_what_is_then_posted(by, seed):
    with transaction.atomic():
        a_school(by, seed)
        now = by
        for kind, choice in a_history(seed):
            if kind == "days":
                now = done(now, kind, choice)
            else:
                previewed(now, lambda now=now, kind=kind, choice=choice: done(now, kind, choice))
        transaction.set_rollback(True)


# --- law 2 -----------------------------------------------------------------------------------------------------------


@bounded(2)
@given(seed=SEEDS)
def test_the_same_facts_in_another_order_end_in_the_same_sums(by, seed):
    assert sums_after(by, seed, order=1) == sums_after(by, seed, order=2), "law 2"


def sums_after(by, seed: int, order: int) -> dict[str, object]:
    """What stands in the ledger, in names instead of ids, after the same facts in one of their orders."""
    with transaction.atomic():
        a_school(by, seed)
        # Where the oldest of several discounts holds, the order in which they were given is a fact of its own.
        decide_so(by, several_discounts=SeveralDiscounts.BEST)
        now = replace(by, at=datetime(2025, 7, 20, 12, tzinfo=UTC))
        deeds = independent_facts(now, random.Random(seed))
        assert len(deeds) >= 30
        random.Random(order).shuffle(deeds)
        for deed in deeds:
            deed()
        reconcile_all(now)
        for student in students(now):
            priced_twice(now, student)
        found = {student.full_name: by_name(now, student) for student in students(now)}
        transaction.set_rollback(True)
    return found


def by_name(by, student) -> tuple[int, list[tuple[object, ...]]]:
    """The balance, and each charge by the first day and price of its subscription, its lesson's day, day and amount."""
    found = []
    for pk, key, on, amount in charges_in_the_ledger(by, student):
        row = Subscription.objects.visible_to(by).get(pk=pk)
        lesson = Lesson.objects.visible_to(by).get(pk=int(key)).starts_at.isoformat() if key.isdecimal() else key
        named = (row.plan, row.starts_on.isoformat(), row.note, lesson, on.isoformat(), amount)
        found.append(named)
    return balances(by, [student.pk])[student.pk], sorted(found)


# --- each check is shown to fail -------------------------------------------------------------------------------------


@pytest.fixture
def now(by):
    """A history with many charges, discounts, pauses and accounts of their own."""
    a_school(by, SEED)
    kinds = [*["days"] * 4, *["teach"] * 8, *["discount"] * 6, *["pause"] * 2]
    now = lived(by, [(kind, seed) for seed, kind in enumerate(kinds)])
    assert sum(len(charges_in_the_ledger(now, student)) for student in students(now)) > 10
    return now


def test_a_discount_that_is_not_read_from_its_table_would_be_noticed(now, monkeypatch):
    for student in students(now):
        give_discount(now, student_id=student.pk, terms=DiscountTerms(FIRST, percent=Decimal(50)))
        priced_twice(now, student)
    monkeypatch.setattr(facts, "_discounts", lambda by, ids: defaultdict(list))
    services.reconcile(now, student_ids=[student.pk for student in students(now)])
    with pytest.raises(AssertionError, match="priced a second time"):
        for student in students(now):
            priced_twice(now, student)


def test_a_decision_that_is_not_followed_would_be_noticed(now, monkeypatch):
    decide_so(now, backdated_charges="since_entry", several_discounts="oldest")
    for student in students(now):
        for percent, since in ((Decimal(1), FIRST - timedelta(days=90)), (Decimal(50), FIRST)):
            give_discount(now, student_id=student.pk, terms=DiscountTerms(since, percent=percent))
    services.reconcile(now, student_ids=[student.pk for student in students(now)])
    for student in students(now):
        priced_twice(now, student)
    monkeypatch.setattr(facts, "decided", lambda _answer: facts.rules.Decisions())
    services.reconcile(now, student_ids=[student.pk for student in students(now)])
    with pytest.raises(AssertionError, match="priced a second time"):
        for student in students(now):
            priced_twice(now, student)


# Each decision with another answer than the usual one, and that.
RATES = {
    "activation_day_counts": (False, True),
    "rounding_step": (1_000_000, None),
    "money_discount_per": ("lesson", "subscription"),
    "holidays_credited": (True, False),
}


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("whose", ["centre", "branch"])
def test_a_day_a_step_or_a_discount_reckoned_as_usual_instead_would_be_noticed(by, monkeypatch, whose, name):
    answers, other = ({each: both[place] for each, both in RATES.items()} for place in (0, 1))
    if whose == "centre":
        decide_so(by, **answers)
    else:
        set_charging(by, other, answers)
    student, group = a_student(by), a_group(by, a_course(by))
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 5))
    give_discount(by, student_id=student.pk, terms=DiscountTerms(FIRST, amount=300_000))
    add_holiday(by, name="off", starts_on=date(2025, 5, 12))
    now = replace(by, at=datetime(2025, 5, 20, 12, tzinfo=UTC))
    services.reconcile(now, student_ids=[student.pk])
    priced_twice(now, student)
    usual = {name: RATES[name][1]}
    monkeypatch.setattr(facts, "tuition_settings", lambda branch: replace(tuition_settings(branch), **usual))
    services.reconcile(now, student_ids=[student.pk])
    with pytest.raises(AssertionError, match="priced a second time"):
        priced_twice(now, student)


@pytest.mark.parametrize("wrong", [{"group_id": None}, {"extends": True}], ids=["in all groups", "moving every end"])
def test_a_pause_in_one_group_read_otherwise_would_be_noticed(by, monkeypatch, wrong):
    course, student = a_course(by), a_student(by)
    for name in ("G1", "G2"):
        enrol_active(by, student_id=student.pk, group_id=a_group(by, course, name).pk, starts_on=FIRST)
    for row in Subscription.objects.visible_to(by):
        end_subscription(by, subscription_id=row.pk, last_on=date(2025, 5, 25))
    suspend(
        by, student_ids=[student.pk], group_id=row.group_id, starts_on=date(2025, 5, 12), last_on=date(2025, 5, 20),
        extends=False,
    )  # fmt: skip
    now = replace(by, at=datetime(2025, 6, 20, 12, tzinfo=UTC))
    services.reconcile(now, student_ids=[student.pk])
    priced_twice(now, student)
    read = facts.rules.SuspensionFact
    monkeypatch.setattr(facts.rules, "SuspensionFact", lambda **values: read(**values | wrong))
    services.reconcile(now, student_ids=[student.pk])
    with pytest.raises(AssertionError, match="priced a second time"):
        priced_twice(now, student)


def test_a_reason_that_charges_otherwise_than_it_says_would_be_noticed(by, monkeypatch):
    student, group = a_student(by), a_group(by, a_course(by, plan=PlanKind.PER_LESSON, lessons_count=8))
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=FIRST)
    now = replace(by, at=datetime(2025, 5, 20, 12, tzinfo=UTC))
    for lesson, reason in zip(Lesson.objects.visible_to(by).filter(held_on__gte=FIRST), reasons(by), strict=False):
        conduct_lesson(now, lesson_id=lesson.pk, absent={student.pk: reason.pk})
    priced_twice(now, student)
    read = facts.marks_of
    monkeypatch.setattr(facts, "marks_of", lambda *asked: [row._replace(charges=None) for row in read(*asked)])
    services.reconcile(now, student_ids=[student.pk])
    with pytest.raises(AssertionError, match="priced a second time"):
        priced_twice(now, student)


def test_a_payer_picked_by_hand_that_is_not_read_would_be_noticed(now, monkeypatch):
    terms = TariffTerms("By hand", PlanKind.PER_LESSON, "UZS", lessons_count=1)
    tariff, since = add_tariff(now, terms=terms, price=777_700, from_on=FIRST), FIRST - timedelta(days=90)
    for student in students(now):
        row = bind_tariff(now, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(since))
        for lesson in Lesson.objects.visible_to(now).filter(
            pk__in=Attendance.objects.visible_to(now).filter(student=student).values("lesson")
        ):
            choose_payer(now, student_id=student.pk, lesson_id=lesson.pk, subscription_id=row.pk)
        priced_twice(now, student)
    monkeypatch.setattr(facts, "_picks", lambda by, ids: defaultdict(list))
    services.reconcile(now, student_ids=[student.pk for student in students(now)])
    with pytest.raises(AssertionError, match="priced a second time"):
        for student in students(now):
            priced_twice(now, student)


def test_charges_that_come_out_differently_each_time_would_be_noticed_by_law_1(now, monkeypatch):
    calm, more = services.rules.due, count(1)

    def restless(*known, **since):
        return [replace(draft, amount=draft.amount + next(more)) for draft in calm(*known, **since)]

    monkeypatch.setattr(services.rules, "due", restless)
    with pytest.raises(AssertionError, match="law 1"):
        once_is_enough(now)


def test_a_payer_picked_by_the_order_of_entry_would_be_noticed_by_law_2(by, monkeypatch):
    monkeypatch.setattr(payer, "_precedence", lambda each, *_rest, by_hand: (0, 0, 1, 0, 0, 0, 0, each.id))
    with pytest.raises(AssertionError):
        for seed in range(12):
            one, other = (unchecked_sums(by, seed, order, monkeypatch) for order in (1, 2))
            assert one == other, "law 2"


def unchecked_sums(by, seed, order, monkeypatch):
    monkeypatch.setitem(globals(), "priced_twice", lambda by, student: None)
    return sums_after(by, seed, order)


def test_a_transfer_into_nowhere_would_be_noticed_by_law_4(now):
    as_owner("SET CONSTRAINTS ALL IMMEDIATE")
    (name,) = as_owner(
        "SELECT string_agg(format('DROP CONSTRAINT %I', conname), ', ') FROM pg_constraint "
        "WHERE contype = 'f' AND confrelid = 'daftar_account'::regclass AND conrelid = 'daftar_transfer'::regclass"
    )
    as_owner(f"ALTER TABLE daftar_transfer {name}")
    as_owner("DELETE FROM daftar_account WHERE kind = 'income'")
    with pytest.raises(AssertionError, match="law 4"):
        adds_up_to_zero()


def test_a_kept_balance_that_moves_alone_would_be_noticed_by_law_5(now):
    Account.objects.visible_to(now).filter(kind="student", balance__lt=0).update(balance=F("balance") - 1)
    with pytest.raises(AssertionError, match="law 5"):
        kept_right(now)


def test_twice_the_price_would_be_noticed_by_law_6(now, monkeypatch):
    right = services.rules.due

    def dear(*known, **since):
        return [replace(each, amount=each.amount * 8) for each in right(*known, **since)]

    monkeypatch.setattr(services.rules, "due", dear)
    services.reconcile(now, student_ids=[student.pk for student in students(now)])
    with pytest.raises(AssertionError, match="law 6"):
        for student in students(now):
            within_the_price(now, student)


def test_a_charge_that_outlives_its_facts_would_be_noticed_by_law_7(now, monkeypatch):
    monkeypatch.setattr(services.rules, "difference", lambda due, posted: ([], []))
    with pytest.raises(AssertionError, match="law 7"):
        nothing_without_facts(now)


def test_a_deed_that_does_something_else_than_its_rehearsal_would_be_noticed_by_law_8(now):
    seeds = count(1)
    with pytest.raises(AssertionError, match="law 8"):
        previewed(now, lambda: [done(now, "pay", next(seeds)) for _each in range(3)])

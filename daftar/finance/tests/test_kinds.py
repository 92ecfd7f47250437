"""Refunds, corrections, sales and money moved between desks: each goes its own way and no further than it may."""

from datetime import date, timedelta

import pytest

from daftar.courses.rules import PlanKind
from daftar.finance import recording
from daftar.finance.models import Desk, Payment
from daftar.finance.queries import broken_payments, payments, takings, totals
from daftar.finance.refusals import (
    BackDatingForbidden,
    CorrectionNeedsReason,
    DeskCurrencyDiffers,
    DeskElsewhere,
    DeskIsClosed,
    KeyUsed,
    MoreThanHeld,
    MoreThanPaid,
    NoPrice,
    NoQuantity,
    NoSuchBonus,
    NothingPaid,
    NothingSold,
    OtherDeskCurrencyDiffers,
    OtherDeskIsClosed,
    PaidAhead,
    RefundedAlready,
    SameDesk,
    SoldForTooMuch,
    TooMuchPaid,
)
from daftar.finance.services import (
    edit_desk,
    edit_payment,
    give_bonus,
    lower_balance,
    move_money,
    open_desk,
    raise_balance,
    refund,
    reverse_payment,
    sell_goods,
    spend_bonus,
    take_payment,
    undo_payment,
)
from daftar.ledger.models import Transfer
from daftar.ledger.queries import (
    balances,
    base_balances,
    bonus_of,
    broken_transfers,
    desk_balances,
    drift,
    separate_accounts,
)
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry
from daftar.orgs.services import add_branch
from daftar.people.services import edit_student
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_centre, a_member, a_student, owner_of

PAID = 35_000_000


@pytest.fixture
def student(by):
    return a_student(by)


@pytest.fixture
def desks(by):
    """Cash, card and bank."""
    return [row.pk for row in Desk.objects.visible_to(by).order_by("id")]


@pytest.fixture
def paid(by, student, desks):
    return take_payment(by, student_id=student.pk, desk_id=desks[0], amount=PAID, paid_on=by.today, key="paid")


def refunded(by, student, desk_id, **values):
    common = {"student_id": student.pk, "desk_id": desk_id, "amount": PAID, "paid_on": by.today, "key": "refund"}
    return refund(by, **common | values)


def sold(by, student, desk_id, **values):
    common = {"thing": "Textbook", "quantity": 2, "price": 35_000_00, "paid_on": by.today, "key": "sale"}
    return sell_goods(by, student_id=student.pk, desk_id=desk_id, **common | values)


def moved(by, desks, **values):
    common = {"desk_id": desks[0], "to_desk_id": desks[1], "amount": 500, "paid_on": by.today, "key": "move"}
    return move_money(by, **common | values)


def lies_in(by, desk_id) -> int:
    account = Desk.objects.visible_to(by).get(pk=desk_id).account_id
    return desk_balances(by, [account])[account]


def elsewhere(by, currency="UZS") -> int:
    branch = add_branch(by, name=f"In {currency}", timezone="Asia/Tashkent", currency=currency, language="en")
    return open_desk(by, branch_id=branch.pk, name="Till", method="cash").pk


def all_is_well(by) -> bool:
    return not drift(by) and set((broken_transfers(by) | broken_payments(by)).values()) == {0}


# --- refunds ----------------------------------------------------------------------------------------------------


def test_a_refund_takes_from_the_desk_and_the_balance_and_has_a_receipt(by, student, desks, paid):
    back = refunded(by, student, desks[0], amount=5_000_000)
    assert (back.number, back.kind) == (2, "refund")
    assert balances(by, [student.pk])[student.pk] == lies_in(by, desks[0]) == PAID - 5_000_000
    assert takings(by).sums == {"UZS": PAID}, "what was paid stays paid"
    assert all_is_well(by)


def test_never_more_is_refunded_than_was_paid_counting_earlier_refunds(by, student, desks, paid):
    refunded(by, student, desks[0], amount=PAID - 100)
    with pytest.raises(MoreThanPaid) as refused:
        refunded(by, student, desks[0], amount=101, key="more")
    assert (refused.value.field, refused.value.values["sum"].amount) == ("amount", 100)
    refunded(by, student, desks[1], amount=100, key="rest")
    with pytest.raises(MoreThanPaid):
        refunded(by, a_student(by, "Never Paid"), desks[0], amount=1, key="other")
    assert balances(by, [student.pk])[student.pk] == 0
    assert all_is_well(by)


def test_a_refund_out_of_an_account_of_its_own_is_never_above_what_lies_in_it(by, student, desks, paid):
    terms = TariffTerms("Camp", PlanKind.WHOLE_COURSE, "UZS", lessons_count=1)
    tariff = add_tariff(by, terms=terms, price=3_000_000, from_on=by.today)
    own = bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(by.today, is_separate=True))
    put_in = {"student_id": student.pk, "desk_id": desks[0], "amount": 5_000_000, "paid_on": by.today, "key": "own"}
    take_payment(by, **put_in, subscription_id=own.pk)
    base = base_balances(by, [student.pk])[student.pk]
    with pytest.raises(MoreThanHeld) as refused:
        refunded(by, student, desks[0], amount=2_000_001, subscription_id=own.pk)
    assert refused.value.values["sum"].amount == 2_000_000, "the camp is charged already"

    back = refunded(by, student, desks[0], amount=2_000_000, subscription_id=own.pk)

    assert (back.subscription_id, separate_accounts(by, [student.pk])[own.pk].balance) == (own.pk, 0)
    assert base_balances(by, [student.pk])[student.pk] == base
    with pytest.raises(MoreThanHeld):
        edit_payment(by, payment_id=back.pk, reason="miscounted", values={"amount": 2_000_001})
    with pytest.raises(NotFound):
        refunded(by, a_student(by, "Somebody else"), desks[0], amount=1, key="other", subscription_id=own.pk)
    assert all_is_well(by)


def test_a_refund_that_does_not_look_into_its_account_would_be_noticed(by, student, desks, paid, monkeypatch):
    monkeypatch.setattr(recording, "_check_held", lambda *_values: None)
    with pytest.raises(pytest.fail.Exception):
        test_a_refund_out_of_an_account_of_its_own_is_never_above_what_lies_in_it(by, student, desks, paid)


def test_a_payment_is_not_reversed_while_its_money_is_refunded(by, student, desks, paid):
    back = refunded(by, student, desks[0])
    with pytest.raises(RefundedAlready):
        reverse_payment(by, payment_id=paid.pk, reason="mistake")
    reverse_payment(by, payment_id=back.pk, reason="mistake")
    reverse_payment(by, payment_id=paid.pk, reason="mistake")
    assert balances(by, [student.pk])[student.pk] == 0
    assert all_is_well(by)


def test_a_reversed_payment_cannot_be_refunded(by, student, desks, paid):
    reverse_payment(by, payment_id=paid.pk, reason="mistake")
    with pytest.raises(MoreThanPaid):
        refunded(by, student, desks[0], amount=1)


def test_a_refund_may_go_to_the_desk_it_came_from_after_the_student_moved(by, student, desks, paid):
    branch = add_branch(by, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
    unchanged = {"born_on": None, "payer_name": "", "phone": "", "email": "", "source": "", "note": ""}
    edit_student(by, student_id=student.pk, full_name=student.full_name, branch_id=branch.pk, **unchanged)
    with pytest.raises(DeskElsewhere):
        refunded(by, student, desks[1], amount=1)
    refunded(by, student, desks[0], amount=1)
    assert all_is_well(by)


# --- corrections ------------------------------------------------------------------------------------------------


def test_a_correction_moves_the_balance_either_way_and_no_desk(by, student, desks):
    common = {"student_id": student.pk, "paid_on": by.today}
    up = raise_balance(by, amount=700, key="up", note="lost in the old program", **common)
    lower_balance(by, amount=200, key="down", note="typed twice", **common)
    assert (up.number, up.desk) == (None, None)
    assert balances(by, [student.pk])[student.pk] == 500
    assert [lies_in(by, desk) for desk in desks] == [0, 0, 0]
    assert takings(by).sums == {}
    assert all_is_well(by)


def test_a_correction_needs_a_reason_and_a_right_of_its_own(by, student):
    for reason in ("", "   "):
        with pytest.raises(CorrectionNeedsReason):
            raise_balance(by, student_id=student.pk, amount=1, paid_on=by.today, key="k", note=reason)
    with pytest.raises(Forbidden):
        lower_balance(
            a_member(by, "Botir", "administrator"), student_id=student.pk, amount=1, paid_on=by.today, key="k", note="x"
        )


# --- sales ------------------------------------------------------------------------------------------------------


def test_at22_a_sale_of_goods_leaves_the_balance_as_it_was(by, student, desks):
    raise_balance(by, student_id=student.pk, amount=250_00, paid_on=by.today, key="had", note="AT-20 left 250")
    sale = sold(by, student, desks[0], thing="Textbook", quantity=1, price=700_00)
    assert balances(by, [student.pk])[student.pk] == 250_00
    assert lies_in(by, desks[0]) == 700_00
    assert (sale.number, sale.amount) == (1, 700_00)
    assert [(row.kind, row.amount) for row in totals(by, kind="sale")] == [("sale", 700_00)]
    assert takings(by).sums == {}
    assert all_is_well(by)


@pytest.mark.parametrize(
    ("values", "refusal", "field"),
    [
        ({"thing": " "}, NothingSold, "thing"),
        ({"quantity": 0}, NoQuantity, "quantity"),
        ({"quantity": -1}, NoQuantity, "quantity"),
        ({"price": 0}, NoPrice, "price"),
        ({"price": -700}, NoPrice, "price"),
        ({"quantity": 10**6, "price": 10**8}, SoldForTooMuch, "price"),
    ],
)
def test_a_sale_of_nothing_is_refused_beside_its_field(by, student, desks, values, refusal, field):
    with pytest.raises(refusal) as refused:
        sold(by, student, desks[0], **values)
    assert refused.value.field == field
    assert not Transfer.objects.visible_to(by).exists()


# --- between desks ----------------------------------------------------------------------------------------------


def test_money_moves_to_another_desk_also_of_another_branch(by, student, desks, paid):
    moved(by, desks, amount=PAID // 2)
    moved(by, [desks[0], elsewhere(by)], amount=7, key="far")
    assert (lies_in(by, desks[0]), lies_in(by, desks[1])) == (PAID // 2 - 7, PAID // 2)
    assert balances(by, [student.pk])[student.pk] == PAID
    assert Payment.objects.visible_to(by).filter(number=None).count() == 2, "nobody is given a receipt"
    assert all_is_well(by)


def test_money_moves_only_between_two_open_desks_of_one_currency(by, desks):
    with pytest.raises(SameDesk):
        moved(by, [desks[0], desks[0]])
    with pytest.raises(OtherDeskCurrencyDiffers) as refused:
        moved(by, [desks[0], elsewhere(by, "EUR")])
    assert refused.value.field == "to_desk_id"
    edit_desk(by, desk_id=desks[1], name="Card", is_open=False)
    with pytest.raises(OtherDeskIsClosed):
        moved(by, desks)
    with pytest.raises(DeskIsClosed):
        moved(by, desks[::-1])


# --- every kind -------------------------------------------------------------------------------------------------

KINDS = ("refund", "up", "down", "sale", "move")


def do(by, kind, student, desks, **values):
    values = {"paid_on": by.today, "key": kind, "amount": 100} | values
    if kind in {"up", "down"}:
        deed = raise_balance if kind == "up" else lower_balance
        return deed(by, student_id=student.pk, note="why", **values)
    if kind == "move":
        return move_money(by, desk_id=desks[0], to_desk_id=desks[1], **values)
    if kind == "sale":
        price = values.pop("amount")
        return sell_goods(by, student_id=student.pk, desk_id=desks[0], thing="Pen", quantity=1, price=price, **values)
    return refund(by, student_id=student.pk, desk_id=desks[0], **values)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_form_twice_is_one_payment_and_with_other_values_none(by, student, desks, paid, kind):
    first = do(by, kind, student, desks)
    assert do(by, kind, student, desks).pk == first.pk
    assert Payment.objects.visible_to(by).filter(kind=kind).count() == 1
    with pytest.raises(KeyUsed):
        do(by, kind, student, desks, amount=101)
    other = next(name for name in ("up", "sale") if name != kind)
    with pytest.raises(KeyUsed):
        do(by, other, student, desks, key=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_sums_and_days_are_refused_and_nothing_is_saved(by, student, desks, paid, kind):
    before = Transfer.objects.visible_to(by).count()
    zero = NoPrice if kind == "sale" else NothingPaid
    large = SoldForTooMuch if kind == "sale" else TooMuchPaid
    for amount, refusal in ((0, zero), (-1, zero), (10**14, large)):
        with pytest.raises(refusal):
            do(by, kind, student, desks, amount=amount)
    with pytest.raises(PaidAhead):
        do(by, kind, student, desks, paid_on=by.today + timedelta(days=1))
    assert Transfer.objects.visible_to(by).count() == before


@pytest.mark.parametrize("kind", KINDS)
def test_dating_back_is_one_right_for_all_kinds(by, student, desks, paid, kind):
    from dataclasses import replace

    owner, yesterday = owner_of(by), by.today - timedelta(days=1)
    without = replace(owner, permissions=owner.permissions - {"finance.back_date"})
    with pytest.raises(BackDatingForbidden) as refused:
        do(without, kind, student, desks, paid_on=yesterday)
    assert refused.value.field == "paid_on"
    assert "Record payments dated before today" in refused.value.message, "the right, which any role may be given"
    assert do(owner, kind, student, desks, paid_on=yesterday).paid_on == yesterday


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_reversed_and_undone_like_a_payment(by, student, desks, paid, kind):
    owner = owner_of(by)
    before = balances(by, [student.pk]), [lies_in(by, desk) for desk in desks]
    reverse_payment(owner, payment_id=do(owner, kind, student, desks).pk, reason="mistake")
    undo_payment(owner, payment_id=do(owner, kind, student, desks, key="again").pk, reason="mistake")
    assert (balances(by, [student.pk]), [lies_in(by, desk) for desk in desks]) == before
    assert [row.kind for row in payments(by)] == ["income"]
    assert payments(by, with_reversed=True).count() == 3
    assert {row.kind: row.amount for row in totals(by)} == {"income": PAID}
    assert all_is_well(by)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_leaves_one_audit_row_that_names_it(by, student, desks, paid, kind):
    do(by, kind, student, desks)
    row = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    verbs = {"up": "raise_balance", "down": "lower_balance", "sale": "sell_goods", "move": "move_money"}
    assert row.verb == f"finance.{verbs.get(kind, kind)}"
    assert row.branch_id is not None


@pytest.mark.parametrize("kind", KINDS)
def test_desks_and_students_of_a_neighbour_are_not_found(by, student, desks, paid, kind):
    from daftar.lib.tenancy import tenant_transaction

    other = a_centre("other")
    with tenant_transaction(other.org_id):
        theirs, their_desks = a_student(other), [row.pk for row in Desk.objects.visible_to(other)]
    if kind not in {"up", "down"}:
        with pytest.raises(NotFound):
            do(by, kind, student, their_desks)
    if kind != "move":
        with pytest.raises(NotFound):
            do(by, kind, theirs, desks)


@pytest.mark.parametrize("kind", ["refund", "sale"])
def test_a_desk_of_another_branch_or_currency_is_refused(by, student, desks, paid, kind):
    for currency in ("UZS", "EUR"):
        with pytest.raises((DeskElsewhere, DeskCurrencyDiffers)) as refused:
            do(by, kind, student, [elsewhere(by, currency)])
        assert refused.value.field == "desk_id"


def test_totals_of_a_period_are_by_kind_and_desk(by, student, desks, paid):
    for kind in KINDS:
        do(by, kind, student, desks)
    old = take_payment(by, student_id=student.pk, desk_id=desks[1], amount=9, paid_on=date(2025, 4, 1), key="old")
    found = {(row.kind, row.desk_id, row.to_desk_id): row.amount for row in totals(by, since=date(2025, 5, 1))}
    assert found == {
        ("income", desks[0], None): PAID, ("refund", desks[0], None): 100, ("up", None, None): 100,
        ("down", None, None): 100, ("sale", desks[0], None): 100, ("move", desks[0], desks[1]): 100,
    }  # fmt: skip
    assert [row.pk for row in payments(by, until=date(2025, 4, 30))] == [old.pk]
    assert {row.kind for row in payments(by, desk_id=desks[1])} == {"income", "move"}, "money moved is of both desks"
    assert {row.kind for row in totals(by, desk_id=desks[1])} == {"income", "move"}


def test_bonuses_pay_for_nothing_until_they_are_spent(by):
    student = a_student(by)
    common = {"student_id": student.pk, "paid_on": by.today}
    with pytest.raises(CorrectionNeedsReason):
        give_bonus(by, amount=500, key="0", note=" ", **common)
    given = give_bonus(by, amount=500, key="1", note="brought a friend", **common)
    assert give_bonus(by, amount=500, key="1", note="brought a friend", **common).pk == given.pk
    assert (balances(by, [student.pk])[student.pk], bonus_of(by, student.pk)) == (0, 500)
    with pytest.raises(NoSuchBonus):
        spend_bonus(by, amount=501, key="2", **common)
    spend_bonus(by, amount=300, key="3", **common)
    assert (balances(by, [student.pk])[student.pk], bonus_of(by, student.pk)) == (300, 200)
    with pytest.raises(NoSuchBonus):
        reverse_payment(by, payment_id=given.pk, reason="half of it is spent")
    assert set(broken_payments(by).values()) == {0}
    assert drift(by) == []


def test_money_goes_into_the_account_of_a_subscription_of_its_own(by):
    student = a_student(by)
    terms = TariffTerms("Own", PlanKind.PER_LESSON, "UZS")
    tariff = add_tariff(by, terms=terms, price=25_000, from_on=by.today)
    bound = bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(by.today, is_separate=True))
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    values = {"student_id": student.pk, "desk_id": desk.pk, "amount": 700, "paid_on": by.today}
    paid = take_payment(by, key="1", subscription_id=bound.pk, **values)
    assert (base_balances(by, [student.pk])[student.pk], balances(by, [student.pk])[student.pk]) == (0, 700)
    with pytest.raises(NotFound):
        take_payment(by, key="2", subscription_id=bound.pk + 1, **values)
    reverse_payment(by, payment_id=paid.pk, reason="mistake")
    assert balances(by, [student.pk])[student.pk] == 0
    assert set(broken_payments(by).values()) == {0}


@pytest.fixture
def purses(by):
    """Two students, each with an account of a subscription's own, with 700 and with nothing on it; and a payment."""
    terms = TariffTerms("Own", PlanKind.PER_LESSON, "UZS")
    tariff = add_tariff(by, terms=terms, price=25_000, from_on=by.today)
    students = [a_student(by, name) for name in ("Aziz", "Bobur")]
    binding = Binding(by.today, is_separate=True)
    own = [bind_tariff(by, student_id=each.pk, tariff_id=tariff.pk, binding=binding).pk for each in students]
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    paid = take_payment(
        by, student_id=students[0].pk, desk_id=desk.pk, amount=700, paid_on=by.today, key="1", subscription_id=own[0]
    )
    return students, own, paid


def sums(by, purses) -> list[tuple[int, int]]:
    """What each of them has on the balance, and on the account of its own."""
    students, own, _paid = purses
    base, apart = (
        base_balances(by, [each.pk for each in students]),
        separate_accounts(by, [each.pk for each in students]),
    )
    return [(base[each.pk], apart[pk].balance) for each, pk in zip(students, own, strict=True)]


def test_the_account_of_a_subscription_is_put_right_by_itself(by, purses):
    students, own, _paid = purses
    common = {"student_id": students[0].pk, "paid_on": by.today, "note": "counted anew"}
    raised = raise_balance(by, amount=300, key="up", subscription_id=own[0], **common)
    assert raise_balance(by, amount=300, key="up", subscription_id=own[0], **common) == raised, "sent twice"
    assert sums(by, purses) == [(0, 1000), (0, 0)]
    lower_balance(by, amount=100, key="down", subscription_id=own[0], **common)
    assert sums(by, purses) == [(0, 900), (0, 0)]
    with pytest.raises(KeyUsed):
        raise_balance(by, amount=300, key="up", **common)
    with pytest.raises(NotFound):
        lower_balance(by, amount=1, key="theirs", subscription_id=own[1], **common)
    reverse_payment(by, payment_id=raised.pk, reason="mistake")
    assert sums(by, purses) == [(0, 600), (0, 0)]
    assert all_is_well(by)


def test_an_edited_payment_goes_to_another_account_or_student(by, purses):
    students, own, paid = purses
    moved = edit_payment(by, payment_id=paid.pk, reason="not apart", values={"subscription_id": None})
    assert sums(by, purses) == [(700, 0), (0, 0)]
    back = edit_payment(by, payment_id=moved.pk, reason="apart", values={"subscription_id": own[0]})
    assert sums(by, purses) == [(0, 700), (0, 0)]
    theirs = edit_payment(by, payment_id=back.pk, reason="of Bobur", values={"student_id": students[1].pk})
    assert sums(by, purses) == [(0, 0), (700, 0)], "the account of Aziz is none of Bobur's"
    own_again = {"student_id": students[0].pk, "subscription_id": own[0]}
    again = edit_payment(by, payment_id=theirs.pk, reason="of Aziz", values=own_again)
    assert sums(by, purses) == [(0, 700), (0, 0)]
    with pytest.raises(NotFound):
        edit_payment(by, payment_id=again.pk, reason="theirs", values={"subscription_id": own[1]})
    undo_payment(by, payment_id=again.pk, reason="mistake")
    assert sums(by, purses) == [(0, 0), (700, 0)]
    assert all_is_well(by)

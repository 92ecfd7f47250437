"""Facts of a random history that move money: onto a student's balance, or into the account of one subscription."""

from __future__ import annotations

from typing import Any

from daftar.finance.models import Desk, Payment
from daftar.finance.recording import refundable
from daftar.finance.services import (
    edit_payment,
    lower_balance,
    raise_balance,
    refund,
    restore_payment,
    reverse_payment,
    take_payment,
)
from daftar.people.models import Student
from daftar.tuition.models import Subscription
from tests.chances import around, one_of


def pay(by, dice) -> None:
    take_payment(by, **_whose(by, dice), amount=_amount(dice), paid_on=by.today, key=f"k{dice.random()}")


def reverse(by, dice) -> None:
    reverse_payment(by, payment_id=one_of(by, dice, Payment).pk, reason="mistake")


def edit(by, dice) -> None:
    """Another amount, day or student; the last only of money on a balance."""
    row = one_of(by, dice, Payment)
    values: dict[str, Any] = {"amount": _amount(dice)}
    if dice.random() < 0.5:
        values["paid_on"] = min(by.today, around(by, dice))
    if row.subscription_id is None and dice.random() < 0.3:
        values["student_id"] = one_of(by, dice, Student).pk
    edit_payment(by, payment_id=row.pk, reason="typed wrong", values=values)


def give_back(by, dice) -> None:
    whose = _whose(by, dice)
    most = max(refundable(by, whose["student_id"]), 1)
    refund(by, **whose, amount=dice.randint(1, most), paid_on=by.today, key=f"r{dice.random()}")


def correct(by, dice) -> None:
    change = dice.choice([raise_balance, lower_balance])
    change(
        by, student_id=one_of(by, dice, Student).pk, amount=_amount(dice), paid_on=by.today, key=f"c{dice.random()}",
        note="counted again",
    )  # fmt: skip


def bring_back(by, dice) -> None:
    """A payment that was reversed by mistake."""
    row = one_of(by, dice, Payment)
    reverse_payment(by, payment_id=row.pk, reason="mistake")
    restore_payment(by, payment_id=row.pk)


def _amount(dice) -> int:
    return dice.randint(1, 40) * 1_234_567


def _whose(by, dice) -> dict[str, Any]:
    """A student's balance at a desk, or now and then the account of one of the subscriptions that have their own."""
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    own = Subscription.objects.visible_to(by).filter(is_separate=True)
    if own and dice.random() < 0.4:
        row = one_of(by, dice, Subscription, is_separate=True)
        return {"student_id": row.student_id, "subscription_id": row.pk, "desk_id": desk.pk}
    return {"student_id": one_of(by, dice, Student).pk, "desk_id": desk.pk}

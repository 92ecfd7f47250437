"""A centre with a transfer of every kind, with edits and closed books; and the two programs that check journals."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import date
from typing import TYPE_CHECKING

import pytest

from daftar.finance.models import Desk
from daftar.finance.services import (
    close_books,
    edit_payment,
    give_bonus,
    lower_balance,
    move_money,
    raise_balance,
    refund,
    reverse_payment,
    sell_goods,
    spend_bonus,
    take_payment,
)
from daftar.tuition.leaving import leave_group
from daftar.tuition.services import enrol_active, open_balances, reconcile
from tests.cast import a_branch, a_course, a_group, a_student, at

if TYPE_CHECKING:
    from pathlib import Path

    from daftar.orgs.access import Actor

MAY = date(2025, 5, 5)


def every_kind(by: Actor) -> list[int]:
    """Two students of whom everything happened that moves money; their ids. `by` acts on 14 May 2025."""
    aziz = a_student(by, 'Aziz "the first" \\ Karimov; \u202e\n2025-01-01 * "x"', payer_name="Gulnora")
    barno = a_student(by, "Barno: Saidova, [2025-01-01]")
    cash, card, _bank = (row.pk for row in Desk.objects.visible_to(by).order_by("id"))
    open_balances(by, balances=[(aziz, 5_000_000), (barno, -2_500_050)], on=date(2025, 5, 1))
    enrol_active(at(by, "2025-05-06"), student_id=aziz.pk, group_id=a_group(by).pk, starts_on=MAY)
    common = {"student_id": aziz.pk, "desk_id": cash}
    paid = take_payment(by, amount=40_000_000, paid_on=MAY, key="1", note='for "May", + 90 123 45 67', **common)
    wrong = take_payment(by, amount=77, paid_on=by.today, key="2", **common)
    reverse_payment(by, payment_id=wrong.pk, reason="date: 2020-01-01, wrong ;")
    refund(by, amount=1_000_001, paid_on=by.today, key="3", **common)
    raise_balance(by, student_id=barno.pk, amount=50, paid_on=by.today, key="4", note="rounding")
    lower_balance(by, student_id=aziz.pk, amount=3_333, paid_on=by.today, key="5", note="lost book")
    sell_goods(by, thing="Textbook, 2nd", quantity=3, price=70_000_00, paid_on=by.today, key="6", **common)
    move_money(by, desk_id=cash, to_desk_id=card, amount=20_000_000, paid_on=by.today, key="7")
    give_bonus(by, student_id=barno.pk, amount=900, paid_on=by.today, key="8", note="brought a friend")
    spend_bonus(by, student_id=barno.pk, amount=400, paid_on=by.today, key="9")
    edit_payment(by, payment_id=paid.pk, reason="typed wrong", values={"amount": 41_000_000})
    later = at(by, "2025-06-03")
    close_books(later, branch_ids=[a_branch(by).pk], closed_until=date(2025, 5, 31))
    other = a_group(by, a_course(by, "Maths"), "G2", starts_on="2025-05-01")
    late = enrol_active(later, student_id=barno.pk, group_id=other.pk, starts_on=date(2025, 5, 20))
    reconcile(later, student_ids=[aziz.pk, late.student_id])
    leave_group(later, enrolment_id=late.pk, last_on=date(2025, 6, 3))
    return [aziz.pk, barno.pk]


def beancount_says(path: Path) -> tuple[list[str], dict[str, int]]:
    """What beancount's own check finds wrong, and what each account holds in minor units."""
    from beancount import loader
    from beancount.core.data import Transaction

    entries, errors, _options = loader.load_file(str(path))
    held: dict[str, int] = {}
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            number = posting.units.number
            held[posting.account] = held.get(posting.account, 0) + int(number.scaleb(-number.as_tuple().exponent))
    return [str(error.message) for error in errors], held


def hledger_says(path: Path) -> tuple[str, dict[str, int]]:
    """The same of hledger: what its strict check says, empty when all is well."""
    checked = hledger(path, "check", "--strict")
    if checked.returncode:
        return checked.stderr, {}
    rows, _totals = json.loads(hledger(path, "balance", "--output-format", "json", "--empty", "--flat").stdout)
    return "", {name: sum(each["aquantity"]["decimalMantissa"] for each in sums) for name, _, _, sums in rows}


def hledger(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("hledger")
    if program is None:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail("hledger is not installed. Debian: sudo apt-get install hledger.")
        pytest.skip("hledger is not installed: the journal is not checked by it")
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [program, "-f", str(path), *words], capture_output=True, text=True, check=False, env=environment
    )

"""The exported journal: other programs' own checks accept it, and they come to the same balances as we do."""

from dataclasses import replace

import pytest
from django.core.management import call_command

from daftar.bookkeeping.queries import OnlyAllBranches, journal
from daftar.bookkeeping.rules import Language, Sum, written
from daftar.finance.models import Desk
from daftar.finance.queries import broken_payments
from daftar.ledger.models import Transfer, TransferKind
from daftar.ledger.queries import balances, broken_transfers, desk_balances, drift
from daftar.lib.errors import Forbidden
from tests.books import beancount_says, every_kind, hledger_says
from tests.cast import a_branch, a_centre, a_member, a_student, owner_of

SAYS = {Language.BEANCOUNT: beancount_says, Language.HLEDGER: hledger_says}


@pytest.fixture
def students(by):
    return every_kind(by)


def text(by, language=Language.BEANCOUNT) -> str:
    return "".join(written(journal(by), language))


@pytest.mark.parametrize("language", Language)
def test_other_programs_check_the_books_and_hold_what_we_hold(by, students, language, tmp_path):
    kinds = set(Transfer.objects.visible_to(by).values_list("kind", flat=True))
    assert kinds == set(TransferKind.values), "a transfer of every kind is in the books"
    (tmp_path / "books").write_text(text(by, language))
    wrong, held = SAYS[language](tmp_path / "books")
    assert not wrong, wrong
    ours = balances(by, students)
    assert {pk: held[f"Liabilities:Students:{pk}"] for pk in students} == {pk: -sum_ for pk, sum_ in ours.items()}
    desks = {row.pk: row.account_id for row in Desk.objects.visible_to(by)}
    lies = desk_balances(by, list(desks.values()))
    assert {pk: held.get(f"Assets:Desks:{pk}", 0) for pk in desks} == {
        pk: lies[account] for pk, account in desks.items()
    }
    assert sum(held.values()) == 0
    assert drift(by) == []
    assert set((broken_transfers(by) | broken_payments(by)).values()) == {0}


@pytest.mark.parametrize("language", Language)
def test_a_sum_changed_in_the_journal_is_found_by_the_other_program(by, students, language, tmp_path):
    right = text(by, language)
    first = f"Liabilities:Students:{students[0]}  -50000.00"
    assert first in right
    (tmp_path / "books").write_text(right.replace(first, first.replace("50000.00", "50000.01")))
    assert SAYS[language](tmp_path / "books")[0]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("currency", ["JPY", "BHD", "PLN"])
def test_currencies_are_written_with_their_own_decimals(db, language, currency, tmp_path):
    from daftar.lib.tenancy import tenant_transaction

    centre = a_centre("coins", currency=currency)
    with tenant_transaction(centre.org_id):
        students = every_kind(centre)
        (tmp_path / "books").write_text(text(centre, language))
        wrong, held = SAYS[language](tmp_path / "books")
        assert not wrong, wrong
        assert -held[f"Liabilities:Students:{students[1]}"] == balances(centre, students)[students[1]]


def test_a_journal_without_a_single_transfer_is_accepted(by, tmp_path):
    a_student(by)
    for language in Language:
        (tmp_path / "books").write_text(text(by, language))
        assert not SAYS[language](tmp_path / "books")[0]


def test_reversals_receipts_whys_and_corrections_of_closed_books_are_told(by, students):
    said = text(by)
    reversal = Transfer.objects.visible_to(by).filter(kind="reversal").first()
    assert f'reverses: "{reversal.reverses_id}"' in said
    assert 'receipt: "1"' in said
    assert "lessons_counted dates=2025-05-02/2025-05-05/" in said
    assert 'corrects: "2025-05-20"' in said
    assert 'sold: "3 x Textbook, 2nd"' in said


def test_names_and_notes_are_left_out_for_those_who_may_not_see_people(by, students):
    owner = owner_of(by)
    assert "Karimov" in text(owner)
    assert "90 123 45 67" in text(owner)
    without = replace(owner, permissions=owner.permissions - {"people.see_contacts"})
    assert "Karimov" in text(without)
    assert "123 45 67" not in text(without)
    nobody = replace(owner, permissions=frozenset({"finance.export_ledger"}))
    for word in ("Karimov", "Saidova", "for \\", "lost book"):
        assert word not in text(nobody)
    with pytest.raises(Forbidden):
        text(a_member(by, "Kamola", "cashier"))


def test_somebody_who_works_in_one_branch_only_does_not_get_the_books_of_all(by, students):
    with pytest.raises(OnlyAllBranches):
        journal(replace(owner_of(by), branch_ids=frozenset({a_branch(by).pk})))


def test_the_command_writes_the_journal(by, students, capsys, tmp_path):
    call_command("export_ledger", "--format", "beancount")
    assert "Karimov" in capsys.readouterr().out
    call_command("export_ledger", "--format", "hledger", "--without-names", "--output", tmp_path / "books")
    assert "Karimov" not in (tmp_path / "books").read_text()
    assert hledger_says(tmp_path / "books")[0] == ""


def test_sums_are_written_exactly():
    assert [str(Sum(amount, "PLN", 2)) for amount in (-1, 0, 5, 100, -12_345)] == [
        "-0.01 PLN", "0.00 PLN", "0.05 PLN", "1.00 PLN", "-123.45 PLN",
    ]  # fmt: skip
    assert str(Sum(-70, "JPY", 0)) == "-70 JPY"

"""What a journal is made of, and how each of its two languages writes it. Plain text and plain values.

A debit is written above zero and a credit below it, as both languages have it: what lies in a desk is an asset, what
a centre owes a student in lessons a liability (below zero in the journal), a debt of a student the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

PLAIN = str.maketrans(",:[]|", ";=()/")


class Language(StrEnum):
    """In which a journal is written."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"


@dataclass(frozen=True)
class Sum:
    """Minor units of a currency with so many decimals; a debit is above zero."""

    amount: int
    currency: str
    decimals: int

    def __neg__(self) -> Sum:
        return Sum(-self.amount, self.currency, self.decimals)

    def __str__(self) -> str:
        whole, rest = divmod(abs(self.amount), 10**self.decimals)
        written = f"{whole}.{rest:0{self.decimals}}" if self.decimals else str(whole)
        return f"{'-' if self.amount < 0 else ''}{written} {self.currency}"


@dataclass(frozen=True)
class Opened:
    """An account of the journal, with what is worth knowing of it."""

    name: str
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Entry:
    """One transfer: `sum_` from the credited to the debited account."""

    on: date
    what: str
    debit: str
    credit: str
    sum_: Sum
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Held:
    """What an account holds after everything, by the balance that is kept beside the transfers."""

    name: str
    sum_: Sum


@dataclass(frozen=True)
class Journal:
    """The books from the first day to the last; `held_on` is the morning after it."""

    title: str
    begins_on: date
    held_on: date
    currencies: Sequence[tuple[str, int]]
    accounts: Sequence[Opened]
    entries: Iterable[Entry]
    held: Sequence[Held]


def written(journal: Journal, language: Language) -> Iterator[str]:
    """The journal, line by line."""
    languages: dict[Language, Callable[[Journal], Iterator[str]]] = {
        Language.BEANCOUNT: beancount,
        Language.HLEDGER: hledger,
    }
    return languages[language](journal)


def beancount(journal: Journal) -> Iterator[str]:
    """For beancount 2 and 3: every kept balance is asserted, so its check proves ours."""
    yield f'option "title" {_quoted(journal.title)}\n'
    for currency, _decimals in journal.currencies:
        yield f'option "operating_currency" "{currency}"\n'
    yield "\n"
    for account in journal.accounts:
        yield f"{journal.begins_on} open {account.name}\n"
        yield from (f"  {name}: {_quoted(value)}\n" for name, value in account.facts)
    for entry in journal.entries:
        yield f"\n{entry.on} * {_quoted(entry.what)}\n"
        yield from (f"  {name}: {_quoted(value)}\n" for name, value in entry.facts)
        yield f"  {entry.debit}  {entry.sum_}\n  {entry.credit}  {-entry.sum_}\n"
    yield "\n"
    for each in journal.held:
        yield f"{journal.held_on} balance {each.name}  {each.sum_}\n"


def hledger(journal: Journal) -> Iterator[str]:
    """For hledger 1.25 and later: accounts and currencies are declared, and every kept balance is asserted."""
    yield f"; {_plain(journal.title)}\n\n"
    for currency, decimals in journal.currencies:
        yield f"commodity 1000.{'0' * decimals} {currency}\n"
    yield "\n"
    kinds = {"Assets": "A", "Liabilities": "L", "Income": "R", "Equity": "E"}
    for account in journal.accounts:
        facts = [("type", kinds[account.name.split(":")[0]]), *account.facts]
        yield f"account {account.name}  ; {', '.join(f'{name}: {_plain(value)}' for name, value in facts)}\n"
    for entry in journal.entries:
        yield f"\n{entry.on} * {_plain(entry.what)}\n"
        yield from (f"    ; {name}: {_plain(value)}\n" for name, value in entry.facts)
        yield f"    {entry.debit}  {entry.sum_}\n    {entry.credit}  {-entry.sum_}\n"
    if journal.held:
        yield f"\n{journal.held_on} * balances\n"
        for each in journal.held:
            nothing = Sum(0, each.sum_.currency, each.sum_.decimals)
            yield f"    {each.name}  {nothing} = {each.sum_}\n"


def one_line(text: str) -> str:
    """A text somebody typed, without anything that would end its line or hide in it."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _plain(text: str) -> str:
    """A value of a tag: a comma would end it, a colon would begin another one, and brackets may hold a date."""
    return one_line(text).translate(PLAIN)

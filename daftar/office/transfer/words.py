"""What is wrong with a row, in words, and what the columns may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from daftar.transfer.rules import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FIELDS: dict[Field, Any] = {
    Field.NAME: gettext_lazy("Full name"), Field.BORN: gettext_lazy("Birthday"), Field.PAYER: gettext_lazy("Payer"),
    Field.PHONE: gettext_lazy("Phone"), Field.EMAIL: gettext_lazy("E-mail"),
    Field.GROUPS: gettext_lazy("Group"), Field.BALANCE: gettext_lazy("Opening balance"),
    Field.LESSON_PRICE: gettext_lazy("Own price of a lesson"),
    Field.MONTH_PRICE: gettext_lazy("Own price of a month"),
    Field.ACTIVE_FROM: gettext_lazy("Active from; empty is a trial"),
    Field.COURSE: gettext_lazy("Course of the group"), Field.LEVEL: gettext_lazy("Level of the group"),
    Field.DAYS: gettext_lazy("Days of the group"), Field.TIME: gettext_lazy("Time of the group"),
    Field.SOURCE: gettext_lazy("How they found us"), Field.STATUS: gettext_lazy("Your own status"),
    Field.NOTE: gettext_lazy("Note"), Field.EXTRA: gettext_lazy("Keep in the card as it is"),
    Field.SKIP: gettext_lazy("Leave out"),
}  # fmt: skip

_SAYS: dict[str, Any] = {
    "missing_name": gettext_lazy("There is no name."),
    "same_person": gettext_lazy("The same person as in row %(value)s."),
    "too_many_cells": gettext_lazy("“%(value)s” stands in a column without a heading."),
    "bad_date": gettext_lazy("There is no such day: %(value)s."),
    "unclear_date": gettext_lazy("%(value)s: day first or month first? Choose it with the columns."),
    "bad_money": gettext_lazy("This is not an amount: %(value)s."),
    "price_below_zero": gettext_lazy("A price cannot be below zero: %(value)s."),
    "born_ahead": gettext_lazy("Born in the future: %(value)s."),
    "too_long": gettext_lazy("Too long: %(value)s"),
    "bad_phone": gettext_lazy("%(value)s is no phone number. It is kept in the note."),
    "rounded_phone": gettext_lazy(
        "The spreadsheet has rounded this phone: %(value)s. Format the column as text, export it again."
    ),
    "group_is_over": gettext_lazy("The group %(value)s ended before the opening date."),
    "group_left_out": gettext_lazy("The group %(value)s is not here and is left out."),
    "group_is_new": gettext_lazy("Only this row names the group %(value)s. It will be made."),
    "here_by_hand": gettext_lazy("%(value)s was added here by hand and stays as is."),
    "not_taken": gettext_lazy("Could not be added: %(value)s"),
}
# The same said of a whole column, beside a number.
COLUMN_SAYS: dict[str, Any] = {
    "missing_name": pgettext_lazy("column", "without a name"), "bad_date": pgettext_lazy("column", "not a day"),
    "unclear_date": pgettext_lazy("column", "unclear day"), "bad_money": pgettext_lazy("column", "not an amount"),
    "price_below_zero": pgettext_lazy("column", "below zero"), "born_ahead": pgettext_lazy("column", "in the future"),
    "too_long": pgettext_lazy("column", "too long"), "bad_phone": pgettext_lazy("column", "not a phone"),
    "rounded_phone": pgettext_lazy("column", "rounded by the spreadsheet"),
}  # fmt: skip


def problem_text(problems: Iterable[Sequence[str]]) -> str:
    """Everything wrong with a row, as sentences, each after the heading of its column."""
    said = []
    for column, code, value in problems:
        text = str(_SAYS[code]) % {"value": value}
        said.append(_("%(column)s: %(text)s") % {"column": column, "text": text} if column else text)
    return " ".join(said)

"""The rules of charging that are the same in every centre: what each says, and a small example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from daftar.office.settings import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.office.settings.examples import Chosen

RULES: tuple[tuple[str, Any, Any, Callable[[Chosen], str]], ...] = (
    (
        "D5", _("Several discounts"),
        _("They are never added up: the one that saves most on a charge counts, of two alike the older."),
        examples.best_discount,
    ),
    (
        "D6", _("Several subscriptions"),
        _("An own account with enough money pays first, of several the one that ends first; then the closest price."),
        examples.closest,
    ),
    (
        "D8", _("Pausing, leaving or moving within a month"),
        _("What was charged for lessons that are not served comes back; it is shown first and can be declined."),
        examples.leaving,
    ),
    (
        "D10", _("A lesson moved into another month"), _("It is counted in the month in which it stood first."),
        examples.moved,
    ),
    (
        "D11", _("A new price"),
        _("It holds from a day, for those who study already only where that was said. What was charged stays."),
        examples.written,
    ),
    (
        "D12", _("Activation with an earlier day"), _("Each month since then is charged, dated its own day."),
        examples.backwards,
    ),
    (
        "D13", _("A group that begins or ends within a month"),
        _("The lessons of the whole month by its days stay the measure."), examples.group_begins,
    ),
    (
        "D14", _("Charged on the 29th, 30th or 31st"),
        _("In a shorter month on its last day; the day itself is kept for the next."), examples.short_month,
    ),
    (
        "D15", _("Who owes"),
        _("Whoever has a balance below zero and is not archived. A lesson today that is not covered is another thing."),
        examples.debt,
    ),
    ("D16", _("A balance of zero"), _("It is no debt: everything is paid."), examples.zero),
)  # fmt: skip


def fixed_rules(chosen: Chosen) -> list[dict[str, Any]]:
    """Each rule in words, with an example in the currency and by the decisions of the centre."""
    return [
        {"code": code, "title": title, "text": text, "example": example(chosen)} for code, title, text, example in RULES
    ]

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
        "D11", _("A new price"),
        _("It holds from a day, for those who study already only where that was said. What was charged stays."),
        examples.new_price,
    ),
)  # fmt: skip


def fixed_rules(chosen: Chosen) -> list[dict[str, Any]]:
    """Each rule in words, with an example in the currency and by the decisions of the centre."""
    return [
        {"code": code, "title": title, "text": text, "example": example(chosen)} for code, title, text, example in RULES
    ]

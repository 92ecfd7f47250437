"""The students of a group as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.courses.rules import Standing
from daftar.lib.money import decimal_text
from daftar.office.files import as_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpResponse

    from daftar.orgs.access import Actor

STANDINGS = {
    Standing.TRIAL: gettext_lazy("Trial"), Standing.ACTIVE: gettext_lazy("Active"),
    Standing.OWES: gettext_lazy("Active, owes"), Standing.AT_ZERO: gettext_lazy("Active, at zero"),
    Standing.FROZEN: gettext_lazy("Frozen"), Standing.LEFT: gettext_lazy("Left"),
}  # fmt: skip


def roster_file(by: Actor, group_id: int, rows: Iterable[Mapping[str, Any]]) -> HttpResponse:
    """Those lines of the page who are in the group still, with what the reader may see; `rows` as the page has them."""
    sees_phone, sees_money = by.may("people.see_contacts"), by.may("tuition.view")
    heads = [
        _("Student"), _("State"), _("In the group since"), *([_("Phone")] if sees_phone else []),
        *([_("Balance"), _("Currency")] if sees_money else []),
    ]  # fmt: skip
    lines = []
    for row in rows:
        if row["is_over"]:
            continue
        phone, balance = [row["phone"]] if sees_phone else [], row["balance"]
        money = ["", ""] if balance is None else [decimal_text(balance), balance.currency]
        lines.append([
            row["name"], str(STANDINGS[Standing(row["standing"])]), row["since"].isoformat(), *phone,
            *(money if sees_money else []),
        ])  # fmt: skip
    return as_file(f"students-{group_id}", [heads, *lines])

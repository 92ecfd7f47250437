"""What is to be known before somebody joins a group that has no place for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daftar.courses.queries import sizes
from daftar.office.forms import as_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django import forms

    from daftar.courses.models import Group
    from daftar.orgs.access import Actor


def full_group(by: Actor, group: Group, joining: int = 1) -> dict[str, Any] | None:
    """A group without a free place for so many more: how it stands today, and whether the branch then refuses."""
    size = sizes(by, [group.pk])[group.pk]
    if group.capacity is None or size + joining <= group.capacity:
        return None
    free = max(group.capacity - size, 0)
    return {
        "group_id": group.pk, "taken": size, "places": group.capacity, "free": free,
        "blocks": group.branch.blocks_capacity,
    }  # fmt: skip


def full_if_chosen(by: Actor, form: forms.Form, groups: Iterable[Group], joining: int = 1) -> dict[str, Any] | None:
    """The same of the group that a form names in `group_id`, if it names one of these."""
    asked = as_number(str(form.data.get("group_id", ""))) if form.is_bound else None
    chosen = next((row for row in groups if row.pk == asked), None)
    return None if chosen is None else full_group(by, chosen, joining)

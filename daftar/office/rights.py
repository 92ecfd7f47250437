"""The matrix of rights: what can be permitted, by package, and what a form with its ticks would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from daftar.attendance import permissions as attendance
from daftar.contracts import permissions as contracts
from daftar.courses import permissions as courses
from daftar.finance import permissions as finance
from daftar.orgs import permissions as orgs
from daftar.orgs.roles import GRANTABLE, Permission
from daftar.people import permissions as people
from daftar.transfer import permissions as transfer
from daftar.tuition import permissions as tuition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import QueryDict

    from daftar.orgs.access import Actor
    from daftar.orgs.models import Role


def _of(package: Any) -> tuple[Permission, ...]:
    found = (value for value in vars(package).values() if isinstance(value, Permission))
    return tuple(each for each in found if each.code in GRANTABLE)


# Heading and rights, in the order in which a centre meets them.
PACKAGES: tuple[tuple[Any, tuple[Permission, ...]], ...] = (
    (_("Students"), _of(people)), (_("Groups and courses"), _of(courses)), (_("Attendance"), _of(attendance)),
    (_("Tuition"), _of(tuition)), (_("Money"), (*_of(finance), *_of(contracts))), (_("Files"), _of(transfer)),
    (_("Centre"), _of(orgs)),
)  # fmt: skip
LABELS = {each.code: each.label for _heading, package in PACKAGES for each in package}


@dataclass(frozen=True)
class Change:
    """What a role would gain and lose by a form, in codes."""

    role: Role
    people: int
    given: tuple[str, ...]
    taken: tuple[str, ...]

    @property
    def given_labels(self) -> list[str]:
        return [str(LABELS[code]) for code in self.given]

    @property
    def taken_labels(self) -> list[str]:
        return [str(LABELS[code]) for code in self.taken]


def may_change(by: Actor, role: Role) -> bool:
    """Whether the actor may change the role: an owner's never, and nobody one that may do more than they do."""
    return not role.is_owner and role.rights <= by.permissions


def wanted(by: Actor, roles: Sequence[Role], sizes: dict[int, int], ticks: QueryDict) -> list[Change]:
    """What the ticks of a form would change; what the actor could not tick stays as it is."""
    changes = []
    for role in roles:
        if not may_change(by, role):
            continue
        ticked = frozenset(ticks.getlist(f"role_{role.pk}")) & by.permissions & GRANTABLE
        given, taken = ticked - role.rights, (role.rights - ticked) & by.permissions
        if given or taken:
            changes.append(Change(role, sizes.get(role.pk, 0), _in_order(given), _in_order(taken)))
    return changes


def shown(roles: Sequence[Role], kind: str, sent: QueryDict) -> dict[int, list[str]]:
    """What a page of changes had to give or take (`kind`), by role: what another changed meanwhile is not undone."""
    found = {role.pk: sent.getlist(f"{kind}_{role.pk}") for role in roles}
    return {role_id: codes for role_id, codes in found.items() if codes}


def _in_order(codes: frozenset[str]) -> tuple[str, ...]:
    return tuple(code for code in LABELS if code in codes)

"""How someone invited comes in: whoever holds the link is no actor yet, so these are not verbs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db import transaction

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs import services
from daftar.orgs.doors import INVITATION
from daftar.orgs.models import Door, User
from daftar.orgs.queries import system_actor

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Welcome:
    """What the holder of a link is told before coming in."""

    org_name: str
    role: str
    email: str
    name: str
    invited_by: str
    has_login: bool


def welcome(door_hash: str, at: datetime) -> Welcome:
    """What the link behind this hash invites to; a refusal says kindly why it no longer does."""
    door = _door(door_hash)
    with tenant_transaction(door.org_id):
        by = system_actor(door.org_id, at)
        row = services.open_invitation(by, door.pk)
        has_login = User.objects.filter(email=row.email).exists()
        return Welcome(by.org_name, str(row.member.role), row.email, row.member.name, row.invited_by, has_login)


def come_in(
    door_hash: str, at: datetime, *, user_id: int | None = None, name: str = "", password: str = ""
) -> tuple[User, str]:
    """The login that is now a member's, and where its centre stands; the register names the person, not the system."""
    door = _door(door_hash)
    with transaction.atomic(), tenant_transaction(door.org_id):
        by = system_actor(door.org_id, at)
        known = None if user_id is None else User.objects.get(pk=user_id)
        as_person = replace(by, name=name or (known.name if known else by.name))
        user = services.join(as_person, door_id=door.pk, user_id=user_id, name=name, password=password)
        return user, by.org_slug


def _door(door_hash: str) -> Door:
    door = Door.unguarded.filter(hash=door_hash, kind=INVITATION).first()
    if door is None:
        raise services.InvitationReplaced
    return door

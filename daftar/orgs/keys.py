"""Keys that are given out and open a door: cut inside a verb, tried by whoever holds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.orgs.doors import hash_of, new_nonce, secret_of
from daftar.orgs.models import Door

if TYPE_CHECKING:
    from daftar.orgs.access import Actor


def cut_key(by: Actor, kind: str) -> tuple[Door, str]:
    """A new door of the actor's organization, and the nonce from which the secret of its key is made."""
    nonce = new_nonce()
    return Door.objects.create(org_id=by.org_id, hash=hash_of(secret_of(nonce)), kind=kind, made_at=by.at), nonce


def door_behind(secret: str, kind: str) -> Door | None:
    """The door that a secret opens, of whatever organization; None when it is none."""
    return Door.unguarded.filter(hash=hash_of(secret), kind=kind).first()

"""Secrets of links: what is given out is made when needed and stored nowhere; what is stored only recognises it."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode

from django.utils.crypto import salted_hmac

INVITATION, CALENDAR = "invitation", "calendar"


def new_nonce() -> str:
    """What makes a secret different from every other; worthless without the installation's key."""
    return secrets.token_hex(32)


def secret_of(nonce: str) -> str:
    """The secret that stands in the link: always the same for a nonce, so that a letter sent twice says the same."""
    return urlsafe_b64encode(salted_hmac("daftar.door", nonce, algorithm="sha256").digest()).decode().rstrip("=")


def hash_of(secret: str) -> str:
    """What a secret is recognised by."""
    return hashlib.sha256(secret.encode()).hexdigest()

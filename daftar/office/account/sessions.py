"""Where somebody is signed in: when each session was last seen, and what it runs on, in words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

# Seconds between two notes that a session was seen: writing at every request would cost more than it tells.
EVERY = 300
# The first that fits: later ones also name themselves after earlier ones.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("YaBrowser/", "Yandex"), ("SamsungBrowser/", "Samsung"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def last_seen(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Wraps every request so that the list of sessions knows, to some minutes, when each was used and from where."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get("seen_at", 0) >= EVERY:
                UserSession.objects.create_from_request(request)
                request.session["seen_at"] = now
        return get_response(request)

    return respond


def device(user_agent: str) -> str:
    """`Chrome, Windows`: what a browser says of itself, as far as it is understood."""
    named = [
        next((name for mark, name in table if mark in user_agent), "") for table in (BROWSERS, SYSTEMS)
    ]  # fmt: skip
    return ", ".join(filter(None, named)) or _("Unknown device")

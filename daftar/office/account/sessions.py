"""Where somebody is signed in: when each session was last seen, and what it runs on, in words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allauth.account.signals import user_logged_in
from allauth.usersessions.models import UserSession
from allauth.usersessions.signals import on_user_logged_in
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
    """Wraps every request so that the list of sessions knows, to some minutes, when each was used and from where.

    After the answer, so that signing in is noted by its own request.
    """
    # The library would look at each of somebody's sessions, one by one, at every sign-in.
    user_logged_in.disconnect(receiver=on_user_logged_in)

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.session.session_key and request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get("seen_at", 0) >= EVERY:
                UserSession.objects.create_from_request(request)
                request.session["seen_at"] = now
        return response

    return respond


def device(user_agent: str) -> str:
    """`Chrome, Windows`: what a browser says of itself, as far as it is understood."""
    named = [
        next((name for mark, name in table if mark in user_agent), "") for table in (BROWSERS, SYSTEMS)
    ]  # fmt: skip
    return ", ".join(filter(None, named)) or _("Unknown device")

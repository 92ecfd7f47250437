"""The answer to a bug: an apology with an id, and a log line with the same id."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from django.shortcuts import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

log = logging.getLogger("daftar.bug")


def apology(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Wraps every request so that what nobody expected still gets an answer and can be found in the log."""

    def respond(request: HttpRequest) -> HttpResponse:
        request.bug_id = secrets.token_hex(4)  # type: ignore[attr-defined] # named in the apology and in the log
        return get_response(request)

    return respond


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a bug; Django has logged the traceback, this line ties it to the id the person sees."""
    bug_id = getattr(request, "bug_id", "")
    log.error("bug %s at %s %s", bug_id, request.method, request.path)
    return render(request, "500.html", {"bug_id": bug_id}, status=500)

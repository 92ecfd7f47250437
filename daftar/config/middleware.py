"""Every request gets an id and a line in the log; a bug gets an apology that names the id."""

from __future__ import annotations

import logging
import secrets
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.shortcuts import render

from daftar.config import logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

log = logging.getLogger("daftar.request")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def logged(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Wraps every request: what nobody expected still gets an answer, and all of it can be found by its id."""

    def respond(request: HttpRequest) -> HttpResponse:
        bug_id = secrets.token_hex(4)
        request.bug_id = bug_id  # type: ignore[attr-defined] # named in the apology, in the log and in a header
        statements = _Count()
        began, worked = time.perf_counter(), time.thread_time()
        with logs.about(request_id=bug_id), connection.execute_wrapper(statements):
            response = get_response(request)
            if _is_told(request, response):
                log.info(
                    "request",
                    extra={
                        **_who_and_where(request),
                        "status": response.status_code,
                        "ms": round((time.perf_counter() - began) * 1000),
                        "cpu_ms": round((time.thread_time() - worked) * 1000),
                        "sql": statements.number,
                    },
                )
        response["X-Request-Id"] = bug_id
        return response

    return respond


class _Count:
    """Counts the statements that pass through it."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.number += 1
        return execute(*args)


def _is_told(request: HttpRequest, response: HttpResponse) -> bool:
    """Styles, and a supervisor that hears what it wants to hear, are not worth a line each."""
    quiet = request.path.startswith((settings.STATIC_URL, "/health/"))
    return not quiet or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR


def _who_and_where(request: HttpRequest) -> dict[str, Any]:
    """The name of the address, never the address: that may hold what somebody searched for."""
    match, by = request.resolver_match, getattr(request, "by", None)
    found = {"route": match.view_name if match else "", "method": request.method if request.method in METHODS else "?"}
    return found | ({"org": by.org_id, "member": by.member_id} if by else {})


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a bug; Django has logged how it came to it, with the id that the person sees."""
    return render(request, "500.html", {"bug_id": getattr(request, "bug_id", "")}, status=500)

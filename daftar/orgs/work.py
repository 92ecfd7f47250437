"""Background work: a task names its organization, opens that organization's transaction and acts as the system."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.queries import system_actor

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds that each further try waits longer than the one before.
PAUSE = 3


def task(name: str, *, tries: int = 1) -> Callable[[Callable[..., Any]], Any]:
    """Makes a function a background task called `name`; it runs at least once, so it must be idempotent.

    One that raises is tried `tries` times, each a little later: a database that restarts is back by then.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        @app.task(name=name, retry=RetryStrategy(max_attempts=tries - 1, linear_wait=PAUSE) if tries > 1 else False)
        @wraps(function)
        def run(*, org_id: int, **arguments: Any) -> None:
            with tenant_transaction(org_id):
                function(system_actor(org_id), **arguments)

        return run

    return decorate

"""Background work: a task names its organization, opens that organization's transaction and acts as the system."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Organization
from daftar.orgs.queries import system_actor

if TYPE_CHECKING:
    from collections.abc import Callable

# A lost connection, a restart of the database: a job is tried again, later and later, for about an hour.
AGAIN = RetryStrategy(max_attempts=10, exponential_wait=2)


def task(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Makes a function a background task called `name`; it runs at least once, so it must be idempotent."""

    def decorate(function: Callable[..., Any]) -> Any:
        @app.task(name=name, retry=AGAIN)
        @wraps(function)
        def run(*, org_id: int, **arguments: Any) -> None:
            if not Organization.objects.filter(pk=org_id).exists():
                return  # a demo centre that was removed while its job waited
            with tenant_transaction(org_id):
                function(system_actor(org_id), **arguments)

        return run

    return decorate

"""Background work: a task names its organization, opens that organization's transaction and acts as the system."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from procrastinate.contrib.django import app

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.queries import system_actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.orgs.access import Actor

P = ParamSpec("P")


def task(name: str) -> Callable[[Callable[Concatenate[Actor, P], Any]], Any]:
    """Makes a function a background task called `name`; it runs at least once, so it must be idempotent."""

    def decorate(function: Callable[Concatenate[Actor, P], Any]) -> Any:
        @app.task(name=name)
        @wraps(function)
        def run(*, org_id: int, **arguments: Any) -> None:
            with tenant_transaction(org_id):
                function(system_actor(org_id), **arguments)

        return run

    return decorate

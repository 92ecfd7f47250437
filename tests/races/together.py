"""Many at the same instant, each with a connection and a transaction of its own."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection, connections

from daftar.lib.tenancy import tenant_transaction
from tests.crash.audit import laws

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daftar.orgs.access import Actor

CROWD = 16
PATIENCE = 30


def at_once(by: Actor, works: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of them answered, or the exception that it raised instead, in their order."""
    return together([partial(_inside, by, work) for work in works])


def together(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """The same for works that open their transactions themselves."""
    answers: list[Any] = [TimeoutError("it waits for ever")] * len(works)
    start = threading.Barrier(len(works))

    def run(place: int) -> None:
        try:
            connection.ensure_connection()  # so that all of them really begin together
            start.wait(PATIENCE)
            answers[place] = works[place]()
        except Exception as raised:  # noqa: BLE001 - the test looks at it
            answers[place] = raised
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return answers


def _inside(by: Actor, work: Callable[[], Any]) -> Any:
    with tenant_transaction(by.org_id):
        return work()


def kinds(answers: Sequence[Any]) -> dict[str, int]:
    """How many answered with what: the name of the exception, or "done"."""
    names = [type(answer).__name__ if isinstance(answer, Exception) else "done" for answer in answers]
    return {name: names.count(name) for name in names}


def books(by: Actor) -> list[str]:
    """Breaches of laws 4 and 5."""
    with tenant_transaction(by.org_id):
        return laws(connection.connection)

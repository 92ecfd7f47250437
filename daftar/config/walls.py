"""The start-up check of the second wall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ABOVE = "SELECT current_user FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
OWNS = (
    "SELECT current_user FROM pg_class"
    " WHERE relname LIKE 'daftar_%' AND relkind = 'r' AND relowner = current_user::regrole LIMIT 1"
)


def role_above_the_wall(ask: Callable[[str], Sequence[Any]]) -> str:
    """The database's role when it would see every organization's rows: an owner, a superuser, BYPASSRLS; else empty."""
    return next((str(rows[0][0]) for rows in (ask(ABOVE), ask(OWNS)) if rows), "")


def refuse_unsafe_role() -> None:
    """SystemExit when the application's role is above row-level security."""
    with connection.cursor() as cursor:

        def ask(statement: str) -> Sequence[Any]:
            cursor.execute(statement)
            return cursor.fetchall()

        role = role_above_the_wall(ask)
    if role:
        raise SystemExit(
            f"Refusing to serve: the database role {role!r} is above row-level security. Give Daftar a plain role."
        )

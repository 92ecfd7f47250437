"""The start-up check of the second wall."""

from django.db import connection


def refuse_unsafe_role() -> None:
    """SystemExit when the application's role would see every organization's rows: an owner, a superuser, BYPASSRLS."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        role, is_super, bypasses = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM pg_class"
            " WHERE relname LIKE 'daftar_%%' AND relkind = 'r' AND relowner = current_user::regrole"
        )
        owned = cursor.fetchone()[0]
    if is_super or bypasses or owned:
        raise SystemExit(
            f"Refusing to serve: the database role {role!r} is above row-level security. Give Daftar a plain role."
        )

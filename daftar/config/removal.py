"""Taking the demo centre away, all of it: the one thing that deletes what is otherwise written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connections, transaction

from daftar.orgs.models import Organization, User

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

OWNER = "owner"
WRITTEN_ONCE = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'"
DEMO_HOST = "demo.invalid"
# Whoever was invited into the demo centre keeps the login.
LOGINS = """
    SELECT member.user_id FROM daftar_member AS member JOIN daftar_user AS person ON person.id = member.user_id
    WHERE member.org_id = %s AND person.email LIKE %s
"""
ELSEWHERE = "SELECT user_id FROM daftar_member WHERE user_id = ANY(%s)"
JOBS = "DELETE FROM procrastinate_jobs WHERE args->>'org_id' = %s AND status = 'todo'"


def remove_demo(slug: str) -> int | None:
    """Deletes a demo centre, its logins and its jobs in one transaction; answers how many rows, None: no such demo.

    Only the tables' owner can, and only where `is_demo` says that nothing in it ever happened.
    """
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        org = Organization.objects.using(OWNER).select_for_update().filter(slug=slug, is_demo=True).first()
        if org is None:
            return None
        cursor.execute("SET LOCAL lock_timeout = '5s'")  # every centre's write-once tables are held: see the handbook
        users = _ids(cursor, LOGINS, [org.pk, f"%@{DEMO_HOST}"])
        gone = _delete_rows(cursor, org.pk)
        cursor.execute(JOBS, [str(org.pk)])
        org.delete()
        User.objects.using(OWNER).filter(pk__in=users - _ids(cursor, ELSEWHERE, [list(users)])).delete()
        return gone


def _ids(cursor: CursorWrapper, statement: str, values: list[Any]) -> set[int]:
    cursor.execute(statement, values)
    return {row[0] for row in cursor.fetchall()}


def _delete_rows(cursor: CursorWrapper, org_id: int) -> int:
    gone = 0
    cursor.execute(WRITTEN_ONCE)
    guarded = [row[0] for row in cursor.fetchall()]
    for table in guarded:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
    for model in apps.get_app_config("daftar").get_models():
        if any(field.name == "org" for field in model._meta.get_fields()):
            cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE org_id = %s", [org_id])  # noqa: S608 - a table's name
            gone += cursor.rowcount
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # checked now: a table with checks to come cannot be altered
    for table in guarded:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")
    return gone

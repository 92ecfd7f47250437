"""Searching by trigrams behind row-level security, where LIKE alone may not use an index: it is not leakproof.

The functions run with the rights of the tables' owner and name the organization themselves, by the setting that the
policies read; they answer ids only, at most as many as asked for.
"""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models

INSIDE = "(SELECT nullif(current_setting('daftar.org', true), '')::bigint)"

NAMED = f"""
CREATE FUNCTION daftar_students_named(word text, words text[], branches bigint[], most integer) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id FROM public.daftar_student
    WHERE org_id = {INSIDE} AND archived_on IS NULL
        AND search_key LIKE '%' || word || '%' AND search_key LIKE ALL (words)
        AND (branches IS NULL OR branch_id = ANY (branches))
    LIMIT most
$$
"""

CALLED = f"""
CREATE FUNCTION daftar_students_called(part text, branches bigint[], most integer) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id FROM public.daftar_student
    WHERE org_id = {INSIDE} AND archived_on IS NULL AND (branches IS NULL OR branch_id = ANY (branches)) AND id IN (
        SELECT student_id FROM public.daftar_contact WHERE org_id = {INSIDE} AND digits LIKE '%' || part || '%'
    )
    LIMIT most
$$
"""


def _for_the_application(signature: str) -> str:
    return f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {signature} TO daftar_app"


class Migration(migrations.Migration):
    dependencies = [("daftar", "0008_indexes_that_hold_what_is_summed")]

    operations = [
        BtreeGinExtension(),
        migrations.RemoveIndex(model_name="student", name="student_search"),
        migrations.RemoveIndex(model_name="contact", name="contact_digits"),
        migrations.AddIndex(
            model_name="student",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("org", name="int8_ops"),
                django.contrib.postgres.indexes.OpClass("search_key", name="gin_trgm_ops"),
                name="student_search",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("org", name="int8_ops"),
                django.contrib.postgres.indexes.OpClass("digits", name="gin_trgm_ops"),
                name="contact_digits",
            ),
        ),
        # In the very order of the list, or all who owe the same sum must be read to sort them.
        migrations.RemoveIndex(model_name="account", name="account_debtors"),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(("balance__lt", 0), ("kind", "student")),
                fields=["org", "balance", "id"],
                include=("currency", "student", "owes_since"),
                name="account_debtors",
            ),
        ),
        migrations.RunSQL(NAMED, "DROP FUNCTION daftar_students_named"),
        migrations.RunSQL(_for_the_application("daftar_students_named(text, text[], bigint[], integer)"), ""),
        migrations.RunSQL(CALLED, "DROP FUNCTION daftar_students_called"),
        migrations.RunSQL(_for_the_application("daftar_students_called(text, bigint[], integer)"), ""),
    ]

"""What is written once: the database itself refuses to alter or delete it, even for the tables' owner."""

from django.db import migrations

TABLES = ("daftar_transfer", "daftar_payment", "daftar_paymentreversal", "daftar_auditentry")

REFUSE = """
CREATE FUNCTION daftar_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: reverse it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

# A reversal must be its original turned round, and nothing reverses a reversal.
REVERSE = """
CREATE FUNCTION daftar_check_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM daftar_transfer
    WHERE org_id = NEW.org_id AND id = NEW.reverses_id AND reverses_id IS NULL
      AND debit_id = NEW.credit_id AND credit_id = NEW.debit_id AND amount = NEW.amount;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transfer % does not reverse %', NEW.id, NEW.reverses_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_reversal BEFORE INSERT ON daftar_transfer
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION daftar_check_reversal();
"""

CACHE = """
CREATE TABLE daftar_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX daftar_cache_expires ON daftar_cache (expires);
"""


def _append_only(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION daftar_refuse_change(); "
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM daftar_app",
        f"DROP TRIGGER append_only ON {table}; GRANT UPDATE, DELETE ON {table} TO daftar_app",
    )


class Migration(migrations.Migration):
    dependencies = [("daftar", "0001_first_release")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION daftar_refuse_change()"),
        *(_append_only(table) for table in TABLES),
        migrations.RunSQL(REVERSE, "DROP TRIGGER check_reversal ON daftar_transfer; DROP FUNCTION daftar_check_reversal()"),
        migrations.RunSQL(CACHE, "DROP TABLE daftar_cache"),
    ]

"""Closed books: every branch gets its row, and the database lets nothing be dated in what is closed."""

from django.db import migrations

BOOKS = """
INSERT INTO daftar_books (org_id, branch_id)
SELECT org_id, id FROM daftar_branch ORDER BY id;
SET CONSTRAINTS ALL IMMEDIATE;
"""

# Once per statement, however many rows: a bulk of charges pays for one look at a small table.
REFUSE = """
CREATE FUNCTION daftar_check_books() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM daftar_books WHERE closed_until IS NOT NULL AND org_id IN (SELECT DISTINCT org_id FROM posted);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM posted
    JOIN daftar_account a ON a.org_id = posted.org_id AND a.id IN (posted.debit_id, posted.credit_id)
    LEFT JOIN daftar_student s ON s.org_id = a.org_id AND s.id = a.student_id
    JOIN daftar_books b ON b.org_id = a.org_id AND b.branch_id = coalesce(a.branch_id, s.branch_id)
    WHERE posted.effective_on <= b.closed_until;
    IF FOUND THEN
        RAISE EXCEPTION 'the books of this day are closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'books_are_closed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_books AFTER INSERT ON daftar_transfer
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION daftar_check_books();
"""


# Whoever reverses payments may also edit and refund them and move money; whoever takes them sells goods. What a
# centre took from its own copies of these roles stays taken.
RIGHTS = """
UPDATE daftar_role SET permissions = permissions || %s::varchar[]
WHERE code IN ('administrator', 'cashier') AND %s = ANY(permissions)
"""
GIVEN = [
    (RIGHTS, [["finance.edit_payment", "finance.refund", "finance.move_money"], "finance.reverse_payment"]),
    (RIGHTS, [["finance.sell"], "finance.take_payment"]),
]
NEW = "'finance.edit_payment', 'finance.refund', 'finance.move_money', 'finance.sell'"
TAKEN = f"""
UPDATE daftar_role SET permissions = ARRAY(SELECT code FROM unnest(permissions) code WHERE code NOT IN ({NEW}))
"""


class Migration(migrations.Migration):
    dependencies = [("daftar", "0012_kinds_of_payments")]

    operations = [
        migrations.RunSQL(GIVEN, TAKEN),
        migrations.RunSQL(BOOKS, "DELETE FROM daftar_books"),
        migrations.RunSQL(REFUSE, "DROP TRIGGER check_books ON daftar_transfer; DROP FUNCTION daftar_check_books()"),
    ]

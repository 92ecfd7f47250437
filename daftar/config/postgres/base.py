"""PostgreSQL with the second wall built in: no model has to remember it.

Every table with an organization gets UNIQUE (org_id, id), row-level security and, between such tables,
foreign keys over (org_id, x_id). A key to the organization itself it gets where no such key is mandatory: a lesson's
branch proves its organization. The application's role may use the tables but owns none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.backends.ddl_references import Columns, Statement
from django.db.backends.postgresql import base, schema

if TYPE_CHECKING:
    from django.db.models import Field, Model

APP_ROLE = "daftar_app"
# Read before the organization is known: who is a member of what, and what a link opens.
WITHOUT_ROW_SECURITY = {"daftar_member", "daftar_door"}


def is_tenant(model: type[Model]) -> bool:
    """Whether rows of the table belong to an organization."""
    return any(field.column == "org_id" for field in model._meta.local_concrete_fields)


def is_led(model: type[Model]) -> bool:
    """Whether each row must have a key over (org_id, x_id), so that the organization is proved by it."""
    fields = [field for field in model._meta.local_concrete_fields if field.remote_field and not field.null]
    targets = [field.related_model for field in fields if field.column != "org_id"]
    return any(target is not model and is_tenant(target) for target in targets)  # type: ignore[arg-type] # no "self" is left


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Adds the wall's constraints and policies to what Django would do."""

    # An inline key could not name two columns.
    sql_create_column_inline_fk = None  # type: ignore[assignment] # None is what switches it off

    def _create_fk_sql(self, model: type[Model], field: Field[Any, Any], suffix: str) -> Statement:
        statement: Statement = super()._create_fk_sql(model, field, suffix)  # type: ignore[misc] # untyped in Django
        target = field.target_field.model  # type: ignore[attr-defined] # of foreign keys only
        if field.column != "org_id" and is_tenant(model) and is_tenant(target):
            self._pair(statement)
        return statement

    def _pair(self, statement: Statement) -> None:
        column: Any = statement.parts["column"]
        to_column: Any = statement.parts["to_column"]
        statement.parts["column"] = Columns(column.table, ["org_id", *column.columns], self.quote_name)
        statement.parts["to_column"] = Columns(to_column.table, ["org_id", "id"], self.quote_name)

    def create_model(self, model: type[Model]) -> None:
        super().create_model(model)
        if is_tenant(model):
            self._build_wall(model._meta.db_table)
        if is_led(model):
            kept = [each for each in self.deferred_sql if not self._is_organization_key(each, model._meta.db_table)]
            self.deferred_sql = kept

    def _is_organization_key(self, statement: Any, table: str) -> bool:
        parts = getattr(statement, "parts", {})
        return "to_column" in parts and parts["column"].table == table and parts["column"].columns == ["org_id"]

    def _field_should_be_indexed(self, model: type[Model], field: Field[Any, Any]) -> bool:
        # Each table is unique by (org, id): an index of the organization alone would be written with every row in vain.
        return field.column != "org_id" and bool(super()._field_should_be_indexed(model, field))  # type: ignore[misc] # untyped in Django

    def add_field(self, model: type[Model], field: Field[Any, Any]) -> None:
        super().add_field(model, field)
        if field.column == "org_id":
            self._build_wall(model._meta.db_table)

    def alter_field(self, model: type[Model], old_field: Any, new_field: Any, *strict: bool) -> None:
        super().alter_field(model, old_field, new_field, *strict)
        if not is_tenant(model) or not new_field.null or old_field.null or is_led(new_field.model):
            return
        # It may have been what proved the organization.
        if not self._constraint_names(model, ["org_id"], foreign_key=True):  # type: ignore[attr-defined] # untyped in Django
            org: Any = model._meta.get_field("org")
            self.execute(self._create_fk_sql(model, org, "_fk_%(to_table)s_%(to_column)s"))

    def _build_wall(self, table: str) -> None:
        self.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_of_org" UNIQUE (org_id, id)', None)
        if table not in WITHOUT_ROW_SECURITY:
            self.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY', None)
            # The subselect is evaluated once per statement, so the index on org_id is used.
            inside = "org_id = (SELECT nullif(current_setting('daftar.org', true), '')::bigint)"
            self.execute(f'CREATE POLICY same_org ON "{table}" USING ({inside}) WITH CHECK ({inside})', None)
        # A key written down before both its tables had an organization waits until the end: it gets its pair now.
        self._walled = {*getattr(self, "_walled", ()), table}
        for statement in self.deferred_sql:
            parts = getattr(statement, "parts", {})
            if "to_column" not in parts or parts["column"].columns[0] == "org_id":
                continue
            if all(self._has_wall(table) for table in (parts["column"].table, parts["to_column"].table)):
                self._pair(statement)

    def _has_wall(self, table: str) -> bool:
        """Whether the table got its wall in this migration or in one before it."""
        if table in self._walled:
            return True
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_constraint WHERE conname = %s", [f"{table}_of_org"])
            return bool(cursor.fetchone()[0])


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection Django uses."""

    SchemaEditorClass = DatabaseSchemaEditor

    def prepare_database(self) -> None:
        """Gives the application's role the use of every table to come; migrations take back what they must."""
        super().prepare_database()
        with self.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [APP_ROLE])
            if cursor.fetchone()[0] == 0:
                cursor.execute(f"CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
            cursor.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [APP_ROLE])
            if not cursor.fetchone()[0]:
                cursor.execute(f"GRANT {APP_ROLE} TO current_user")
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {role}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
            ):
                cursor.execute(statement.format(role=APP_ROLE))

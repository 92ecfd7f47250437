"""Roles become rows that a centre may change: every centre gets those it had, as they were."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

MANAGERS = [("objects", django.db.models.manager.Manager()), ("unguarded", django.db.models.manager.Manager())]
# The rights of each role on the day of this release.
RIGHTS = {
    "owner": [],
    "administrator": [
        "attendance.mark", "courses.edit", "courses.enrol", "courses.see_all", "courses.view",
        "finance.promise", "finance.reverse_payment", "finance.take_payment", "finance.view",
        "orgs.see_history", "people.edit", "people.see_contacts", "people.view", "tuition.activate",
        "tuition.view",
    ],
    "cashier": [
        "courses.see_all", "courses.view", "finance.promise", "finance.take_payment", "finance.view",
        "people.see_contacts", "people.view", "tuition.view",
    ],
    "teacher": [
        "attendance.mark", "courses.view",
    ],
}
CODES = [("owner", "Owner"), ("administrator", "Administrator"), ("cashier", "Cashier"), ("teacher", "Teacher")]


def give_roles(apps, _schema_editor):
    """The table of defaults, once for each centre; members point to what they were called."""
    Organization, Role, Member = (apps.get_model("daftar", name) for name in ("Organization", "Role", "Member"))
    for org in Organization.objects.using("owner").order_by("id"):
        for code, rights in RIGHTS.items():
            role = Role.unguarded.using("owner").create(org=org, code=code, permissions=rights)
            Member.unguarded.using("owner").filter(org=org, role_code=code).update(role=role)


def take_roles(apps, _schema_editor):
    """What each member was called; whoever had a role of the centre's own becomes a teacher, who may do least."""
    Member = apps.get_model("daftar", "Member")
    for member in Member.unguarded.using("owner").select_related("role"):
        code = member.role.code or "teacher"
        Member.unguarded.using("owner").filter(pk=member.pk).update(role_code=code)


class Migration(migrations.Migration):
    dependencies = [("daftar", "0006_undo_imports")]

    operations = [
        migrations.CreateModel(
            name="Role",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(blank=True, choices=CODES, default="", max_length=20)),
                ("name", models.CharField(blank=True, default="", max_length=80)),
                ("permissions", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ("org", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="daftar.organization")),
            ],
            options={"abstract": False, "base_manager_name": "unguarded"},
            managers=MANAGERS,
        ),
        migrations.AddConstraint("role", models.UniqueConstraint(fields=["org", "code"], name="role_built_in_once", condition=~models.Q(code=""))),
        migrations.AddConstraint("role", models.UniqueConstraint(fields=["org", "name"], name="role_name_once", condition=~models.Q(name=""))),
        migrations.AddConstraint("role", models.CheckConstraint(name="role_is_called_something", condition=~models.Q(code="", name=""))),
        migrations.AddConstraint("role", models.CheckConstraint(name="role_code_known", condition=models.Q(code__in=["", "owner", "administrator", "cashier", "teacher"]))),
        migrations.RemoveConstraint("member", "member_role_known"),
        migrations.RenameField("member", "role", "role_code"),
        migrations.AlterField("member", "role_code", models.CharField(max_length=20, default="teacher")),
        migrations.AddField("member", "role", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="daftar.role")),
        migrations.RunPython(give_roles, take_roles),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.AlterField("member", "role", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="daftar.role")),
        migrations.RemoveField("member", "role_code"),
        migrations.AddField("organization", "requires_two_steps", models.BooleanField(default=False)),
        migrations.CreateModel(
            name="Door",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hash", models.CharField(max_length=64)),
                ("kind", models.CharField(choices=[("invitation", "invitation")], max_length=20)),
                ("made_at", models.DateTimeField()),
                ("org", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="daftar.organization")),
            ],
            options={"abstract": False, "base_manager_name": "unguarded"},
            managers=MANAGERS,
        ),
        migrations.AddIndex("door", models.Index(fields=["hash"], name="door_by_hash")),
        migrations.AddConstraint("door", models.UniqueConstraint(fields=["org", "hash"], name="door_once")),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("nonce", models.CharField(max_length=64)),
                ("language", models.CharField(max_length=5)),
                ("invited_by", models.CharField(max_length=200)),
                ("expires_at", models.DateTimeField()),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("door", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="daftar.door")),
                ("member", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="daftar.member")),
                ("org", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="daftar.organization")),
            ],
            options={"abstract": False, "base_manager_name": "unguarded"},
            managers=MANAGERS,
        ),
        migrations.AddConstraint("invitation", models.UniqueConstraint(fields=["org", "member"], name="invitation_of_member_once")),
    ]

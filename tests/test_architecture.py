"""The rules of the house that no linter knows; each is shown to catch a planted violation."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import get_resolver

from daftar.orgs.roles import PERMISSIONS, BuiltIn, Permission

ROOT = Path(__file__).resolve().parents[1]
ORDER = (
    "lib", "orgs", "people", "ledger", "courses", "attendance", "tuition", "finance", "contracts", "reports",
    "bookkeeping", "transfer", "office", "config",
)  # fmt: skip
PACKAGES = [
    name
    for name in ORDER
    if (ROOT / "daftar" / name / "services.py").exists() or (ROOT / "daftar" / name / "queries.py").exists()
]
WRITES = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEMPLATE = 500, 60, 200
# Tables that stand outside organizations, each with its reason.
OUTSIDE = {"user": "one person may work in several", "organization": "is the tenant itself"}
# Functions beside the verbs and questions that need no permission of their own, each with its reason.
UNGUARDED = {
    "orgs.queries.memberships": "asked before there is an actor",
    "orgs.queries.actor_for": "makes the actor",
    "orgs.queries.settled": "makes the actor",
    "orgs.queries.places_of": "makes the actor",
    "orgs.queries.system_actor": "makes the actor of jobs",
    "orgs.queries.today_in": "reads nothing",
    "orgs.services.open_invitation": "inside a verb, or asked by who holds the link",
    "people.services.phone_contact": "an unsaved value",
    "people.services.email_contact": "an unsaved value",
    "people.services.region_of": "reads nothing",
    "ledger.services.reversal_of": "an unsaved value",
    "courses.services.check_type": "refuses, for every verb that gives a lesson a type",
    "courses.queries.lesson_name": "an expression",
    "courses.queries.on_day_off": "a condition",
    "courses.services.check_parts": "refuses, inside a verb",
    "courses.services.usual_minutes": "a part of verbs that plan lessons",
    "courses.services.students_on": "whom a verb on a lesson concerns",
    "courses.memberships.hold_groups": "locks, inside a verb",
    "courses.days.locked": "the row of a verb on one lesson",
    "courses.places.check_free": "refuses, for every verb that plans a lesson",
    "courses.feeds.calendar_behind": "asked by who holds the link",
    "courses.feeds.kind_of": "reads nothing",
    "attendance.queries.waits_for_marks": "a condition",
    "attendance.services.told": "reads nothing",
    "attendance.nudges.begun_and_unmarked": "a condition",
    "attendance.nudges.nudged_days": "reads nothing",
    "courses.memberships.hold_memberships": "locks, inside a verb",
    "attendance.nudges.letters_due": "asked by a job for the system",
    "orgs.services.remember_language": "a choice of one's own, in no organization",
    "attendance.makeups.settle_make_ups": "a part of the verbs that mark",
    "attendance.makeups.claim": "a part of the verbs that say what makes up for a miss",
    "attendance.makeups.lesson_to_join": "locks, inside a verb",
    "courses.services.check_activation": "refuses, for preview and deed alike",
    "courses.services.check_joining": "refuses, for preview and deed alike",
    "courses.services.students_of": "ids for an announcement or a preview, inside what is guarded",
    "orgs.services.check_whole": "refuses, for all that holds in every branch",
    "tuition.ends.may_last": "a condition",
    "tuition.listed.prices_from": "a decision inside a verb",
    "tuition.listed.next_day": "a decision inside a verb",
    "tuition.listed.tariff_prices_from": "a decision inside a verb",
    "tuition.listed.terms_of": "reads nothing",
    "tuition.listed.write_step": "a part of the verbs on prices",
    "tuition.siblings.families_of": "ids for a job",
    "reports.queries.overall_standing": "a decision on values",
    "tuition.queries.coverage_of": "a decision on values",
    "reports.group_income.students_of_group": "ids for questions that permit it",
    "reports.charges.charges_of": "rows for questions that permit it",
    "reports.debts.debtor_accounts": "rows for questions that permit it",
    "transfer.undoing.may_undo": "a decision on a row already loaded",
    "courses.queries.members_at": "narrows what a question that permits it asks",
    "courses.weekdays.off_of": "a column more for rows already guarded",
    "courses.weekdays.with_off": "a column more for rows already guarded",
    "courses.weekdays.first_day": "reads nothing",
    "courses.weekdays.coming": "narrows rows already guarded",
    "courses.weekdays.coming_members": "a part of questions on lessons",
    "courses.weekdays.lessons_of_member": "narrows what a question that permits it asks",
    "courses.weekdays.members": "rows already guarded, as values",
    "courses.comments.is_mine": "a decision on a row already loaded",
    "courses.comments.may_remove": "a decision on a row already loaded",
    "courses.queries.members_on": "narrows what a question that permits it asks",
    "courses.queries.days_off_of": "inside verbs and questions",
    "courses.timetable.lessons_seen": "inside questions on lessons",
    "courses.timetable.slots_of": "inside questions on lessons",
    "courses.queries.with_pause": "adds a column to rows already guarded",
    "courses.memberships.running_membership": "locks a row, inside a verb",
    "courses.topics.chosen_topic": "a decision inside a verb",
    "courses.catalogue.check_counts": "refuses, for courses and tariffs alike",
    "tuition.discounts.check_lesson_types": "refuses, inside a verb",
    "tuition.tariffs.check_price": "refuses, inside a verb",
    "tuition.tariffs.follow": "the part of a verb that others share",
    "orgs.queries.tuition_settings": "a decision on a row already loaded",
    "tuition.services.charge_key": "reads nothing",
    "attendance.services.lock_lesson": "inside the verbs on a lesson",
    "attendance.services.set_cell": "sets a value that a verb then saves",
    "attendance.services.check_age": "refuses, inside a verb",
    "attendance.services.needs_reason": "a decision on a row already loaded",
    "attendance.services.concerned": "ids for an announcement, inside a verb",
    "attendance.services.check_teacher": "refuses, inside a verb",
    "attendance.services.concerns_since": "a decision inside a verb",
}


def sources(*folders: str) -> list[Path]:
    """First-party files, tests and migrations left out."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if not {"tests", "migrations"} & set(path.parts)]


def package_of(module: str) -> str:
    return module.split(".")[1]


# --- data points down -------------------------------------------------------------------------------------------


def upward_keys(models) -> list[str]:
    """Foreign keys to a higher package, or to another package with a way back."""
    wrong = []
    for model in models:
        here = package_of(model.__module__)
        for field in model._meta.local_concrete_fields:
            if not field.remote_field:
                continue
            there = package_of(field.related_model.__module__)
            if ORDER.index(there) > ORDER.index(here):
                wrong.append(f"{model.__name__}.{field.name} points up")
            if there != here and not field.remote_field.hidden:
                wrong.append(f"{model.__name__}.{field.name} leaves a way back")
    return wrong


def own_models():
    return list(apps.get_app_config("daftar").get_models())


def test_foreign_keys_point_down_and_leave_no_way_back():
    assert upward_keys(own_models()) == []


def test_an_upward_key_would_be_caught():
    from django.db import models

    from daftar.orgs.models import Branch

    class Stray(models.Model):
        branch = models.ForeignKey(Branch, models.CASCADE, related_name="strays")

        class Meta:
            app_label = "stray"
            managed = False

    Stray.__module__ = "daftar.lib.stray"
    assert upward_keys([Stray]) == ["Stray.branch points up", "Stray.branch leaves a way back"]


def test_every_tenant_table_has_org():
    without = {
        model._meta.model_name
        for model in own_models()
        if not any(f.column == "org_id" for f in model._meta.local_fields)
    }
    assert without == OUTSIDE.keys()


def test_unique_rules_of_tenants_name_the_organization():
    from django.db.models import UniqueConstraint

    for model in own_models():
        if model._meta.model_name in OUTSIDE:
            continue
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint):
                assert "org" in constraint.fields, constraint.name
        unique = [field.name for field in model._meta.local_fields if field.unique and not field.primary_key]
        assert unique == [], f"{model.__name__}: a unique column would tell one centre what another has"


# --- permissions ------------------------------------------------------------------------------------------------


def public_functions(module):
    return [
        (name, function)
        for name, function in vars(module).items()
        if inspect.isfunction(inspect.unwrap(function) if callable(function) else function)
        and not name.startswith("_")
        and getattr(function, "__module__", "") == module.__name__
    ]


def unpermitted(modules) -> set[str]:
    """Public functions of services and queries that name no permission."""
    return {
        f"{module.__name__.removeprefix('daftar.')}.{name}"
        for module in modules
        for name, function in public_functions(module)
        if not hasattr(function, "permission")
    }


def domain_modules():
    import importlib

    return [
        importlib.import_module(f"daftar.{package}.{path.stem}")
        for package in PACKAGES
        for path in sorted((ROOT / "daftar" / package).glob("*.py"))
        if path.stem in {"services", "queries"} or re.search(r"^@(verb|question)\(", path.read_text(), re.MULTILINE)
    ]


def test_every_public_service_and_query_names_its_permission():
    assert unpermitted(domain_modules()) == UNGUARDED.keys()


def test_every_used_permission_is_declared_and_held_by_a_role():
    import importlib

    declared = set()
    for package in ORDER:
        if (ROOT / "daftar" / package / "permissions.py").exists():
            module = importlib.import_module(f"daftar.{package}.permissions")
            declared |= {value.code for value in vars(module).values() if isinstance(value, Permission)}
    used = {
        function.permission
        for module in domain_modules()
        for _name, function in public_functions(module)
        if hasattr(function, "permission")
    }
    # Some rights count inside a verb: with it one may, without it the verb refuses or leaves something out.
    asked = {code for path in sources("daftar") for code in re.findall(r"by\.may\(\s*\"([\w.]+)\"", path.read_text())}
    assert used | (asked & declared) == declared
    assert asked <= declared
    held = set().union(*PERMISSIONS.values())
    assert held <= declared
    # What no role holds is done only by verbs above it, as trusted.
    assert declared - held == {"ledger.post", "tuition.charge"}
    assert set(BuiltIn) == PERMISSIONS.keys()


# --- addresses --------------------------------------------------------------------------------------------------


def routes(patterns=None, prefix=""):
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            yield prefix + str(pattern.pattern), pattern.callback


def unguarded_routes(found) -> list[str]:
    return [path for path, view in found if not hasattr(view, "guard") and not hasattr(view, "public")]


def test_every_url_is_guarded():
    assert unguarded_routes(routes()) == []


def test_an_unguarded_route_would_be_caught():
    assert unguarded_routes([("naked/", lambda request: None)]) == ["naked/"]


def test_guards_are_declared_permissions():
    codes = {view.guard for _path, view in routes() if hasattr(view, "guard")}
    assert codes <= set().union(*PERMISSIONS.values())


# --- who writes -------------------------------------------------------------------------------------------------


def writes_in(source: str) -> list[int]:
    """Lines that call a writing method of a queryset or a row."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
        and not (
            isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"groups", "seen", "values", "context", "self"}
        )
    ]


def test_interfaces_and_reports_never_write():
    for path in sources("daftar/office", "daftar/reports"):
        if path.name != "templating.py":  # fills its own dictionaries, reads no table
            assert writes_in(path.read_text()) == [], path


def test_a_write_in_a_view_would_be_caught():
    assert writes_in("def view(request):\n    Student.objects.create(name='x')\n") == [2]


def foreign_writes(source: str, package: str) -> list[str]:
    """Models of other packages through which this source writes."""
    tree = ast.parse(source)
    foreign = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and re.fullmatch(r"daftar\.\w+\.models", node.module or "")
        and package_of(node.module) != package
        for alias in node.names
    }
    calls = [
        n.func
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in WRITES
    ]
    return sorted(
        {name.id for func in calls for name in ast.walk(func) if isinstance(name, ast.Name) and name.id in foreign}
    )


def test_only_the_owner_writes():
    for package in PACKAGES:
        for path in sources(f"daftar/{package}"):
            assert foreign_writes(path.read_text(), package) == [], path


def test_a_foreign_write_would_be_caught():
    source = "from daftar.people.models import Student\nStudent.objects.visible_to(by).update(note='')\n"
    assert foreign_writes(source, "finance") == ["Student"]


def test_the_unguarded_manager_is_used_only_where_the_organization_is_named():
    """Outside `orgs`, which finds the actor, every use filters by the organization in the same call."""
    for path in sources("daftar"):
        if path.parent.name in {"orgs", "lib"}:
            continue
        for match in re.finditer(r"\.unguarded\b(.{0,80})", path.read_text(), re.DOTALL):
            assert re.match(r"\s*\.filter\(\s*org_id=", match[1]), f"{path}: {match[0][:60]}"


# --- sizes and suppressions -------------------------------------------------------------------------------------


def long_functions(source: str, limit: int = LONGEST_FUNCTION) -> list[str]:
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= limit
    ]


def test_no_file_outgrows_a_reader():
    for path in [
        *sources("daftar", "tests"),
        *(ROOT / "tests").rglob("*.py"),
        *ROOT.glob("daftar/**/tests/*.py"),
        ROOT / "manage.py",
    ]:
        text = path.read_text()
        assert text.count("\n") <= LONGEST_FILE, path
        assert long_functions(text) == [], path
    for path in (ROOT / "daftar").rglob("*.html"):
        assert path.read_text().count("\n") <= LONGEST_TEMPLATE, path


def test_a_long_function_would_be_caught():
    assert long_functions("def f():\n" + "    x = 1\n" * 70) == ["f"]


def test_every_suppression_says_why():
    for path in sources("daftar"):
        for number, text in enumerate(path.read_text().splitlines(), 1):
            if "# noqa" in text:
                assert re.search(r"# noqa: [A-Z0-9, ]+ - \w", text), f"{path}:{number}"
            if "# type: ignore" in text:
                assert re.search(r"# type: ignore\[[\w, -]+\] # \w", text) or text.rstrip().endswith("]"), (
                    f"{path}:{number}"
                )


def test_no_template_formats_by_itself():
    """Sums and dates go through filters; nothing is marked safe in a template."""
    for path in (ROOT / "daftar").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"strftime|\|\s*safe\b|\|\s*format\(|style=\"|<script>|\son\w+=\"", text), path


# --- history of the tables and of the decisions -------------------------------------------------------------------


def test_migrations_are_one_line_and_named():
    names = sorted(path.stem for path in (ROOT / "daftar/migrations").glob("0*.py"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert not any("auto_" in name for name in names)
    assert (ROOT / "daftar/migrations/latest.txt").read_text().strip() == names[-1]


def test_decisions_are_numbered_once_and_listed():
    folder = ROOT / "docs/decisions"
    names = sorted(path.name for path in folder.glob("0*.md"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    index = (folder / "README.md").read_text()
    assert [name for name in names if name not in index] == []


def test_every_dependency_has_its_line():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    text = (ROOT / "docs/dependencies.md").read_text()
    missing = [name for name in (re.split(r"[<>=\[]", spec)[0] for spec in wanted) if f"**{name}**" not in text]
    assert missing == []


@pytest.mark.parametrize("word", ["core", "common", "utils", "helpers", "misc", "managers"])
def test_no_package_is_named_after_nothing(word):
    assert not list((ROOT / "daftar").rglob(f"{word}")) and not list((ROOT / "daftar").rglob(f"{word}.py"))

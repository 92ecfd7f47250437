"""Every address, by every role, with a neighbour's ids in path, query and form: nothing leaks, nothing moves.

Built from the map of addresses itself: a new address without an id, or a new form without a body, fails here.
"""

from __future__ import annotations

import re

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from daftar.office.page import page
from daftar.office.urls import urlpatterns
from daftar.orgs.roles import PERMISSIONS, BuiltIn
from tests.cast import PASSWORD
from tests.probe import ROLES, Probe, a_probe, good_bodies

# Query values that name rows; pages must not believe them.
QUERY_IDS = {
    "payment-new": "student",
    "payment-edit": "student",
    "group-add-student": "student",
    "student-bind": "group_id",
    "group": "student",
    "lesson-single-new": "student",
    "group-test-new": "like",
    "test-edit": "group",
    "lessons": "student_id",
    "make-ups": "student",
    "discount-whose": "student",
    "pause-whose": "student",
    "lessons-regular-new": "student",
    "payments": "desk",
    "charges": "student",
    "group-changes": "before",
    "history": "before",
}
WITHOUT_FORM = {
    "today", "find", "history", "students", "student", "groups", "group", "courses", "rooms", "payments", "payment",
    "debtors", "discounts", "discount-whose", "suspensions", "pause-whose", "charges", "due-today", "unpriced",
    "uncharged", "forecast", "lifetime", "group-income", "contracts", "group-wait-whose",
    "student-forecast", "desks", "team", "imports", "import-errors", "invitation-link", "books",
    "ledger-export", "student-statement", "tariffs", "lesson-types", "days-off", "reasons",
    "timetable", "timetable-free", "hours", "make-ups", "group-journal-file", "group-plan", "lessons-regular",
    "group-exams", "lessons", "exam", "scales", "group-materials", "material", "group-money", "group-comments",
    "group-changes", "group-results", "group-tests", "group-regular", "left", "leaving-reasons",
}  # fmt: skip
# Sent right and refused all the same: the rows of the probe have had consequences. tests/test_undo.py sees them done.
REFUSED = {
    "payment-restore", "lesson-undo", "enrolment-undo", "import-undo", "enrolment-trial", "lesson-cancel",
    "lesson-restore", "lesson-move", "lesson-move-undo", "enrolment-end-pause", "lesson-topic-undo",
    "lesson-guest-remove", "lesson-makes-up", "lesson-makes-up-remove", "make-up", "group-wait",
}  # fmt: skip
# What only those do who wrote it, and in the probe that is its owner; who edits groups takes comments away too.
NOT_THEIRS = {
    "payment-undo": {"administrator", "cashier", "teacher"}, "group-comment-edit": {"administrator", "teacher"},
    "group-comment-remove": {"teacher"}, "group-comment-restore": {"teacher"},
    "calendars": {"cashier", "teacher"}, "exam-results-undo": {"administrator", "teacher"},
    "group-regular-undo": {"administrator"},
}  # fmt: skip
# What those do not see who may open the page: the link of a room is for whoever edits courses.
NOT_SEEN = {"calendar-withdraw": {"cashier", "teacher"}}
# Sent by a script, which stays on its page.
ANSWERED = {"group-cells", "lesson-send"}
# Fields of an import's groups, numbered, by the rows they name.
NUMBERED = {"fate": "group_id", "course": "course_id"}


@pytest.fixture
def centres(db):
    return a_probe("lingua"), a_probe("other")


def clients_of(probe: Probe) -> dict[str, Client]:
    found = {}
    for role in ROLES:
        client = Client()
        answer = client.post("/login/", {"login": probe.logins[role], "password": PASSWORD})
        assert answer.status_code == 302, role
        found[role] = client
    return found


def said(answer) -> str:
    """What an answer says, also one that is sent in parts."""
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def address(route, slug: str, ids: dict[str, int]) -> str:
    names = re.findall(r"<int:(\w+)>", str(route.pattern))
    return reverse(f"office:{route.name}", kwargs={"org": slug} | {name: ids[name] for name in names})


def has_ids(route) -> bool:
    return "<int:" in str(route.pattern)


def may(role: str, route) -> bool:
    return route.callback.guard in PERMISSIONS[BuiltIn(role)]


def test_own_pages_open_for_those_permitted_and_for_no_one_else(centres):
    ours, other = centres
    for role, client in clients_of(ours).items():
        for route in urlpatterns:
            answer = client.get(address(route, ours.slug, ours.ids))
            opened = 404 if role in NOT_SEEN.get(route.name, ()) else 200
            assert answer.status_code == (opened if may(role, route) else 403), (role, route.name)
            assert other.canary not in said(answer), (role, route.name)


def test_a_teacher_reaches_only_own_groups_and_lessons(centres):
    ours, _other = centres
    with_other_teacher = dict(ours.ids)
    from daftar.courses.models import Group, Lesson
    from daftar.lib.tenancy import tenant_transaction
    from tests.cast import a_group

    with tenant_transaction(ours.by.org_id):
        course = Group.objects.visible_to(ours.by).get(pk=ours.ids["group_id"]).course
        group = a_group(
            ours.by,
            course,
            "Not hers",
            starts_on=str(ours.by.today),
            last_on=str(ours.by.today.replace(year=ours.by.today.year + 1)),
        )
        with_other_teacher |= {
            "group_id": group.pk,
            "lesson_id": Lesson.objects.visible_to(ours.by).filter(group=group)[0].pk,
        }
    teacher = clients_of(ours)["teacher"]
    for name in (
        "group",
        "lesson",
        "group-plan",
        "group-exams",
        "group-tests",
        "group-test-new",
        "lesson-topic",
        "exam-new",
        "group-materials",
        "group-comments",
        "group-comment-new",
        "lesson-file-new",
    ):
        route = next(route for route in urlpatterns if route.name == name)
        assert teacher.get(address(route, ours.slug, ours.ids)).status_code == 200
        assert teacher.get(address(route, ours.slug, with_other_teacher)).status_code == 404


def test_a_neighbours_ids_in_the_path_are_not_found(centres):
    ours, other = centres
    for role, client in clients_of(ours).items():
        for route in filter(has_ids, urlpatterns):
            expected = 404 if may(role, route) else 403
            path = address(route, ours.slug, other.ids)
            assert client.get(path).status_code == expected, (role, route.name)
            assert client.post(path, good_bodies(ours).get(route.name, {})).status_code == expected, (role, route.name)


def test_strangers_and_nobody_see_no_centre(centres):
    ours, other = centres
    stranger, nobody = clients_of(other)["owner"], Client()
    for route in urlpatterns:
        path = address(route, ours.slug, ours.ids)
        for send in (stranger.get, stranger.post):
            assert send(path).status_code == 404, route.name
        for send in (nobody.get, nobody.post):
            assert send(path)["Location"].startswith("/login/"), route.name


def test_a_neighbours_ids_in_the_query_show_nothing(centres):
    ours, other = centres
    for role, client in clients_of(ours).items():
        for route in urlpatterns:
            if not may(role, route):
                continue
            own = [QUERY_IDS[route.name]] if route.name in QUERY_IDS else []
            # Words that choose what is shown go together: each is one that no page knows.
            for names in (["q"], ["page", "state", "tab", "subject", "month"], *([name] for name in own)):
                query = {name: other.ids.get(name, other.canary) for name in names}
                answer = client.get(address(route, ours.slug, ours.ids), query)
                shown = said(answer).replace(f'value="{other.canary}"', "").replace(f"“{other.canary}”", "")
                assert answer.status_code in {200, 404}, (route.name, names)
                shown = re.sub(r"(href|hx-get)=\"[^\"]*\"|value=\"[^\"]*\"", "", shown)
                assert other.canary not in shown, (route.name, names)


@pytest.mark.parametrize("role", ROLES)
def test_every_form_works_and_refuses_a_neighbours_row_in_any_field(centres, role):
    ours, other = centres
    client, bodies = clients_of(ours)[role], good_bodies(ours)
    for route in urlpatterns:
        assert (route.name in bodies) != (route.name in WITHOUT_FORM), f"say what {route.name} is sent"
        if route.name in bodies and may(role, route):
            # Who is in the group already cannot be put into it again.
            ids = ours.ids | ({"student_id": ours.ids["free_student"]} if route.name == "student-enrol" else {})
            is_refused = route.name in REFUSED or role in NOT_THEIRS.get(route.name, ())
            answer = 422 if is_refused else 200 if route.name in ANSWERED else 302
            answer = 404 if role in NOT_SEEN.get(route.name, ()) else answer
            check_form(client, address(route, ours.slug, ids), bodies[route.name], (ours, other), answer)
    assert references_across() == []


def check_form(client: Client, path: str, body: dict[str, object], centres: tuple[Probe, Probe], right: int) -> None:
    """Sent right it is done; with one id replaced by the neighbour's it is refused and nothing is shown."""
    ours, other = centres
    for field in sorted(body):
        name = {"reason": "", "present": "student_id"}.get(field.split("_")[0] if "reason_" in field else field, field)
        key = "reason" if field.startswith("reason_") else name
        key = NUMBERED.get(field.rpartition("_")[0], key) if str(body[field]).isdecimal() else key
        # A neighbour's reason of absence may have the number of one of our reasons of leaving.
        key = "leaving_reason" if key == "reason" and path.rstrip("/").endswith(("leave", "several")) else key
        key = "free_student" if field == "student" and "groups" in path else key
        if key not in other.ids:
            continue
        wrong = body | {field: other.ids[key]}
        answer = attempt(client, path, wrong)
        # A tick for someone who is not in the lesson says nothing about anybody; all else is refused.
        expected = {right} if field == "present" else {404, 422}
        assert answer.status_code in expected, (path, field, answer.status_code)
        assert other.canary not in said(answer), (path, field)
    answer = attempt(client, path, body)
    assert answer.status_code == right, (path, body, said(answer)[-3000:])


def attempt(client: Client, path: str, body: dict[str, object]):
    """The answer to a form, after which everything is as it was."""
    with transaction.atomic():
        answer = client.post(path, body)
        transaction.set_rollback(True)
    return answer


def references_across() -> list[str]:
    """Foreign keys whose two rows belong to different organizations, found as the owner of the tables."""
    wrong = []
    keys = """
        SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, a.attname FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]
        WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 2
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")  # the owner, whom row-level security does not hold
        cursor.execute(keys)
        for table, target, column in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" a JOIN "{target}" b ON a."{column}" = b.id WHERE a.org_id <> b.org_id'
            )
            if cursor.fetchone()[0]:
                wrong.append(f"{table}.{column}")
        cursor.execute("SET LOCAL ROLE daftar_app")
    return wrong


def test_a_planted_leak_turns_the_sweep_red(centres):
    """A view that loads by id alone: the first wall is bypassed, the second still finds nothing."""
    from django.http import HttpResponse
    from django.test import RequestFactory

    from daftar.lib.errors import NotFound
    from daftar.orgs.models import User
    from daftar.people.models import Student

    ours, other = centres

    @page("people.view")
    def leaking(request, student_id):
        row = Student.unguarded.filter(pk=student_id).first()
        if row is None:
            raise NotFound
        return HttpResponse(row.full_name)

    def ask(student_id: int):
        request = RequestFactory().get("/")
        request.user, request.session = User.objects.get(email=ours.logins["owner"]), {}
        return leaking(request, org=ours.slug, student_id=student_id)

    assert ours.canary in ask(ours.ids["student_id"]).content.decode()
    assert ask(other.ids["student_id"]).status_code == 404


def test_every_route_has_a_name_and_known_ids(centres):
    ours, _other = centres
    for route in urlpatterns:
        try:
            address(route, ours.slug, ours.ids)
        except (KeyError, NoReverseMatch) as missing:
            pytest.fail(f"{route.name}: build a row for {missing} in tests/probe.py")

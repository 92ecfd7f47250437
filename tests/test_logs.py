"""No name, phone, address or secret of anybody in any log, whatever goes wrong (S16); and what is there can be used."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from io import StringIO

import pytest
from django.db import IntegrityError, connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path

from daftar.config import logs
from daftar.config.urls import urlpatterns as all_urls
from daftar.office.urls import urlpatterns as office_urls
from daftar.orgs.models import Organization
from tests.cast import PASSWORD
from tests.probe import a_probe
from tests.test_sweep import address

SECRET = "Zqlingua"


@contextmanager
def listening():
    """What is logged in the block: as an installation writes it, and as a careless one would."""
    root, streams = logging.getLogger(), (StringIO(), StringIO())
    handlers = [logging.StreamHandler(stream) for stream in streams]
    handlers[0].setFormatter(logs.Json())
    handlers[0].addFilter(logs.worth_saying)
    handlers[1].setFormatter(logging.Formatter("%(name)s %(message)s"))
    before = root.level
    root.setLevel(logging.INFO)
    for handler in reversed(handlers):
        root.addHandler(handler)
    try:
        yield streams
    finally:
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)


def lines(stream: StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def broken(request) -> HttpResponse:
    raise ValueError(f"invalid literal for int() with base 10: '{SECRET}'")


def clash(request) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO daftar_user (email, password, is_active, language) SELECT email, '', true, '' FROM daftar_user"
        )
    return HttpResponse()


class WithBugs:
    urlpatterns = [path("bug/<str:what>/", lambda request, what: broken(request)), path("clash/", clash), *all_urls]
    handler404 = "daftar.config.doors.not_found"
    handler500 = "daftar.config.middleware.server_error"


def test_a_canary_in_every_field_reaches_no_line_of_the_log(db):
    ours = a_probe("lingua")
    client = Client(raise_request_exception=False)
    with override_settings(ROOT_URLCONF=WithBugs), listening() as (written, careless):
        client.post("/login/", {"login": f"{SECRET}@lingua.example", "password": SECRET})
        client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
        for route in office_urls:
            path = address(route, ours.slug, ours.ids)
            for answer in (
                client.get(path, {"q": SECRET, "page": SECRET}),
                client.post(path, {"name": SECRET, "full_name": SECRET, "note": SECRET}),
            ):
                if answer.streaming:  # its file is open until all of it is sent
                    b"".join(answer.streaming_content)
        client.get(f"/{SECRET}/nowhere/?phone=+998901234567")
        client.get("/", headers={"host": f"{SECRET}.example"})
        client.get(f"/bug/{SECRET}/")
        logging.getLogger("somebody.else").warning(
            "could not send to %s", SECRET, extra={"route": SECRET + " and more"}
        )
    text = written.getvalue()
    for canary in (SECRET, "998901234567", "@lingua.example", PASSWORD, client.cookies["sessionid"].value):
        assert canary not in text
    assert SECRET in careless.getvalue(), "the pages did meet the canaries"
    requests = [line for line in lines(written) if line["event"] == "request"]
    assert len(requests) >= 2 * len(office_urls)
    assert {line["status"] for line in requests} >= {200, 302, 404, 500}


def test_an_error_of_the_database_is_told_without_its_values(db):
    a_probe("lingua")
    with pytest.raises(IntegrityError) as caught, connection.cursor() as cursor:
        cursor.execute(f"UPDATE daftar_branch SET org_id = 0, name = '{SECRET}'; SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("INSERT INTO daftar_organization (slug) SELECT slug FROM daftar_organization")
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "%s", ("x",), (None, caught.value, None))
    record.exc_info = (type(caught.value), caught.value, caught.tb)
    said = json.loads(logs.Json().format(record))
    assert "Zq" not in json.dumps(said)
    assert "Zq" in str(caught.value) or "lingua" in str(caught.value), "there was something to hide"
    assert said["exception"][0]["type"] == "django.db.utils.IntegrityError"
    assert said["exception"][1]["sqlstate"]
    assert "test_logs.py" in said["exception"][0]["stack"][0]


def test_a_request_can_be_followed_by_its_id_from_the_page_to_the_log(db):
    client = Client(raise_request_exception=False)
    with override_settings(ROOT_URLCONF=WithBugs), listening() as (written, _careless):
        answer = client.get("/bug/x/")
    bug = next(line for line in lines(written) if line["level"] == "ERROR")
    access = next(line for line in lines(written) if line["event"] == "request")
    assert answer["X-Request-Id"] == bug["request_id"] == access["request_id"]
    assert answer["X-Request-Id"] in answer.content.decode()
    assert bug["exception"][0]["type"] == "builtins.ValueError"
    assert bug["exception"][0]["stack"][-1].endswith("in broken")


def test_the_line_of_a_request_says_who_where_and_how_much(db):
    ours, client = a_probe("lingua"), Client()
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    with listening() as (written, _careless):
        client.get(f"/{ours.slug}/students/")
        client.get("/health/live")
    (line,) = lines(written)
    assert {"time", "level", "logger", "event", "request_id", "ms", "cpu_ms"} <= line.keys()
    assert line.keys() <= {"time", "level", "logger", "event", "exception", *logs.FIELDS}
    assert (line["route"], line["method"], line["status"]) == ("office:students", "GET", 200)
    assert line["org"] == Organization.objects.get(slug="lingua").pk
    assert line["member"]
    assert line["sql"] > 3


def test_a_person_at_a_terminal_reads_the_same():
    record = logging.LogRecord("daftar.request", logging.INFO, __file__, 1, "request", (), None)
    record.route, record.status, record.full_name = "office:students", 200, SECRET
    said = logs.Text().format(record)
    assert said.endswith("INFO daftar.request request route=office:students status=200")


def test_a_job_is_told_by_its_name_and_not_by_what_it_was_given():
    record = logging.LogRecord(
        "procrastinate.worker.worker", logging.INFO, __file__, 1, f"Job x(name='{SECRET}')", (), None
    )
    record.action, record.duration = "job_error_retry", 0.5
    record.job = {
        "id": 7,
        "task_name": "tuition.run",
        "task_kwargs": {"org_id": 3, "name": SECRET},
        "call_string": SECRET,
    }
    said = json.loads(logs.Json().format(record))
    assert logs.worth_saying(record)
    told = {name: said[name] for name in ("task", "job", "org", "outcome", "ms")}
    assert told == {"task": "tuition.run", "job": 7, "org": 3, "outcome": "job_error_retry", "ms": 500}
    assert SECRET not in json.dumps(said)

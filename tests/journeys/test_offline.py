"""Marking where there is no connection: the network is cut between a real browser and the real server."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from daftar.attendance.models import Attendance, SentLesson
from daftar.attendance.queries import marks_in
from daftar.attendance.services import conduct_lesson
from daftar.courses.days import cancel_lesson
from daftar.courses.models import Lesson
from daftar.lib.tenancy import tenant_transaction
from tests.cast import PASSWORD, a_group, a_student, enrolled
from tests.journeys.conftest import PHONE, until_answered


class Cable:
    """What lies between the browser and the server: it can be pulled and put in again."""

    def __init__(self, port: int) -> None:
        self.target, self.is_in = port, True
        self.ends: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self._run(self._accept)

    def _run(self, work, *arguments) -> None:
        self.threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self.threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self.door.accept()
                if not self.is_in:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.target))
                self.ends += [near, far]
                self._run(self._pump, near, far)
                self._run(self._pump, far, near)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            # Asked again for each piece: one that was accepted while the cable was pulled must not go through either.
            while (data := source.recv(65536)) and self.is_in:
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def pull(self) -> None:
        self.is_in = False
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def put_in(self) -> None:
        self.is_in = True

    def close(self) -> None:
        self.pull()
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        for thread in self.threads:
            thread.join(5)
        for end in self.ends:
            end.close()


@pytest.fixture
def cable(live_server):
    between = Cable(live_server.thread.port)
    yield between
    between.close()


@pytest.fixture
def school(centre):
    """A group of three that meets today; the pks of its lesson and students."""
    with tenant_transaction(centre.org_id):
        begun = centre.today - timedelta(days=1)
        group = a_group(
            centre, weekdays=(1, 2, 3, 4, 5, 6, 7), starts_on=str(begun),
            last_on=str(centre.today + timedelta(days=20)),
        )  # fmt: skip
        students = [a_student(centre, name) for name in ("Aziz", "Bek", "Lola")]
        for row in students:
            enrolled(centre, row, group, str(begun))
        lesson = Lesson.objects.visible_to(centre).get(held_on=centre.today)
    return lesson.pk, [row.pk for row in students]


@pytest.fixture
def phone(chromium, cable):
    """A phone that is signed in and has opened the day once."""
    context = chromium.new_context(viewport=PHONE, locale="en-GB", timezone_id="Asia/Tashkent")
    page = context.new_page()
    base = f"http://localhost:{cable.port}"
    page.goto(base + "/login/")
    page.fill("[name=login]", "aziza@lingua.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("[data-testid^=lesson-card]")
    page.wait_for_selector("body[data-kept]", state="attached")
    yield page, base
    context.close()
    until_answered()


def marks(by, lesson: int) -> dict[int, bool]:
    with tenant_transaction(by.org_id):
        return {pk: mark.is_present for pk, mark in marks_in(by, lesson).items()}


def strip(page) -> str:
    page.wait_for_selector("[data-outbox]:not([hidden])")
    return page.inner_text("[data-outbox]")


def test_a_class_marked_without_a_connection_is_stored_once_when_there_is_one(centre, school, phone, cable):
    lesson, students = school
    page, base = phone
    cable.pull()
    page.goto(f"{base}/lingua/")
    page.click(f"[data-testid=lesson-card-{lesson}] a")
    page.click(f"[data-testid=att-row-{students[1]}]")
    page.fill("[name=topic]", "Conditionals")
    page.reload()
    # Not saved yet, and still there.
    page.wait_for_selector("[data-draft]:not([hidden])")
    assert not page.is_checked(f"#present-{students[1]}")
    page.click("[data-testid=att-save]")
    page.wait_for_selector("[data-testid^=lesson-card]")
    assert "Lessons that wait to be sent: 1" in strip(page)
    context = page.context
    page.close()
    # The tab is closed; another one finds what waits, again without a connection.
    page = context.new_page()
    page.goto(f"{base}/lingua/lessons/{lesson}/")
    assert "Lessons that wait to be sent: 1" in strip(page)
    assert not page.is_checked(f"#present-{students[1]}")
    assert page.input_value("[name=topic]") == "Conditionals"
    assert marks(centre, lesson) == {}
    cable.put_in()
    page.click("[data-outbox-send]")
    page.wait_for_selector("[data-outbox]:has-text('Everything is sent')")
    assert marks(centre, lesson) == {students[0]: True, students[1]: False, students[2]: True}
    with tenant_transaction(centre.org_id):
        assert SentLesson.objects.visible_to(centre).count() == 1
        assert Attendance.objects.visible_to(centre).count() == len(students)
    page.reload()
    page.wait_for_timeout(300)
    assert page.is_hidden("[data-outbox]")


def test_an_answer_that_is_lost_on_the_way_makes_no_second_lesson(centre, school, phone, cable):
    lesson, students = school
    page, base = phone
    page.goto(f"{base}/lingua/lessons/{lesson}/")
    page.route("**/send/", lambda route: (route.fetch(), route.abort()))
    page.click(f"[data-testid=att-row-{students[0]}]")
    page.click("[data-testid=att-save]")
    page.wait_for_url(f"{base}/lingua/")
    assert "wait to be sent: 1" in strip(page)
    assert marks(centre, lesson)[students[0]] is False
    # Somebody corrects it before the phone tries again: the repeat must not bring the mark back.
    with tenant_transaction(centre.org_id):
        conduct_lesson(centre, lesson_id=lesson, absent={})
    page.unroute("**/send/")
    page.click("[data-outbox-send]")
    page.wait_for_selector("[data-outbox]:has-text('Everything is sent')")
    assert marks(centre, lesson)[students[0]] is True


def test_what_the_centre_refuses_is_said_on_the_page_and_a_page_not_kept_says_so(centre, school, phone, cable):
    lesson, students = school
    page, base = phone
    cable.pull()
    page.goto(f"{base}/lingua/students/")
    assert "No connection" in page.inner_text("h1")
    page.goto(f"{base}/lingua/lessons/{lesson}/")
    page.click("[data-testid=att-save]")
    assert "wait to be sent: 1" in strip(page)
    with tenant_transaction(centre.org_id):
        cancel_lesson(centre, lesson_id=lesson, reason="No light")
    cable.put_in()
    page.click("[data-outbox-send]")
    page.wait_for_selector("[data-outbox]:has-text('cancelled')")
    assert marks(centre, lesson) == {}
    page.click("[data-outbox] li button")
    page.wait_for_selector("[data-outbox][hidden]", state="attached")

"""The test database: made and owned by the owner, used through the application's role, as in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoDbBlocker

DATABASES = frozenset({"default", "owner"})


LONG = ("crash", "bench", "journey")


@pytest.hookimpl(trylast=True)  # after the shuffle
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: run at the end, one would keep its process busy and the others waiting."""
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in LONG))


@pytest.fixture(scope="session")
def django_db_setup(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:  # noqa: ARG001 - names it after the process
    """One database for each process of the run; the application's role may empty tables here, for tests that commit."""
    from django.db import connections

    owner, app = connections["owner"], connections["default"]
    with django_db_blocker.unblock():
        owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        with owner.cursor() as cursor:
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO daftar_app")
        app.creation.set_as_test_mirror(owner.settings_dict)
        yield
        app.close()
        owner.creation.destroy_test_db(owner.settings_dict["NAME"], verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def open_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The database's account, which is not root, passes through to folders that tests give it."""
    folder = tmp_path_factory.getbasetemp()
    while folder.name.startswith(("pytest-", "popen-")):
        folder.chmod(0o711)
        folder = folder.parent


@pytest.fixture(scope="session", autouse=True)
def files_aside(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests upload is none of the installation's."""
    from django.conf import settings

    settings.MEDIA_ROOT = tmp_path_factory.mktemp("files")


@pytest.fixture
def by(db):  # noqa: ARG001 - the fixture opens the database
    """The system acting for a fresh centre, inside its transaction."""
    from daftar.lib.tenancy import tenant_transaction
    from tests.cast import a_centre

    by = a_centre()
    with tenant_transaction(by.org_id):
        yield by


@pytest.fixture
def post_office(settings, monkeypatch):
    """A real mail server; letters of this process and of workers it starts go there."""
    from daftar.config.env import mail
    from tests.letters import a_post_office

    with a_post_office() as office:
        for name, value in mail(office.url, "Daftar <daftar@lingua.example>").items():
            setattr(settings, name, value)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        monkeypatch.setenv("DAFTAR_SMTP_URL", office.url)
        monkeypatch.setenv("DAFTAR_MAIL_FROM", "Daftar <daftar@lingua.example>")
        yield office


@pytest.fixture
def swept(transactional_db):  # noqa: ARG001 - the fixture opens the database
    """Counts of wrong passwords and jobs are no rows of Django's, so nothing else empties them between two tests."""
    from django.db import connection

    def sweep() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE NONE")
            cursor.execute("TRUNCATE daftar_cache, procrastinate_jobs, procrastinate_events CASCADE")
            cursor.execute("SET ROLE daftar_app")

    sweep()
    yield
    sweep()


@pytest.fixture(autouse=True)
def nothing_left_over(request: pytest.FixtureRequest) -> None:
    """Tests that commit leave no jobs behind: another in the same process would count them."""
    mark = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (mark and mark.kwargs.get("transaction")):
        request.getfixturevalue("swept")

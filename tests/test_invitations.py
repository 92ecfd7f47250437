"""Invitations: the letter over a real mail server, the link that opens once, and everything that ends it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection, connections
from django.test import Client

from daftar.lib.errors import Forbidden, NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.doors import hash_of, secret_of
from daftar.orgs.models import AuditEntry, Door, Invitation, Member, User
from daftar.orgs.queries import actor_for
from daftar.orgs.services import (
    BeyondOwnRights,
    EmailTaken,
    add_branch,
    edit_member,
    invite,
    note_invitation_mailed,
    send_invitation_again,
    withdraw_invitation,
)
from tests.cast import PASSWORD, a_centre, a_member
from tests.letters import link_in, text_of
from tests.races.together import together
from tests.working import work

SITE = "http://testserver"
NEW = {"name": "Kamola Karimova", "password": "a-password-of-kamola"}


@pytest.fixture
def by(swept):
    return a_centre(at=datetime.now(UTC))


def invited(by, email: str = "kamola@x.example", role: str = "cashier", **values) -> Invitation:
    with tenant_transaction(by.org_id):
        return invite(by, email=email, name="Kamola", role=role, **{"branch_ids": (), "site": SITE} | values)


def owner_client() -> Client:
    client = Client()
    client.post("/login/", {"login": "aziza@lingua.example", "password": PASSWORD})
    return client


def opened(path: str, client: Client | None = None) -> Client:
    """A browser that followed the link."""
    client = client or Client()
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, "/invitation/")
    return client


def link_of(by, row: Invitation) -> str:
    with tenant_transaction(by.org_id):
        return f"/invitation/{secret_of(Invitation.objects.visible_to(by).get(pk=row.pk).nonce)}/"


def test_invite_letter_link_password_signed_in(by, post_office):
    answer = owner_client().post(
        "/lingua/team/invite/", {"email": "Kamola@X.example", "name": "Kamola", "role": role_id(by, "cashier")}
    )
    assert answer.status_code == 302
    work()
    (letter,) = post_office.letters
    assert letter["To"] == "kamola@x.example"
    assert letter["From"] == "Daftar <daftar@lingua.example>"
    assert letter["Subject"] == "Invitation to Lingua"
    client = opened(link_in(letter))
    assert "Cashier" in client.get("/invitation/").content.decode()
    assert client.post("/invitation/", NEW)["Location"] == "/lingua/"
    assert client.get("/lingua/payments/").status_code == 200
    assert client.get("/lingua/team/").status_code == 403
    signed = Client()
    assert signed.post("/login/", {"login": "kamola@x.example", "password": NEW["password"]}).status_code == 302
    with tenant_transaction(by.org_id):
        row = AuditEntry.objects.visible_to(by).order_by("-id")[0]
        assert (row.verb, row.actor) == ("orgs.join", "Kamola Karimova")
        assert Member.objects.visible_to(by).get(user__email="kamola@x.example").name == "Kamola Karimova"


def role_id(by, code: str) -> int:
    from daftar.orgs.models import Role

    with tenant_transaction(by.org_id):
        return Role.objects.visible_to(by).get(code=code).pk


@pytest.mark.parametrize(("language", "subject"), [("uz", "taklif"), ("ru", "Приглашение"), ("pl", "Zaproszenie")])
def test_the_letter_speaks_the_language_of_the_branch(by, post_office, language, subject):
    with tenant_transaction(by.org_id):
        branch = add_branch(by, name="B", timezone="Asia/Tashkent", currency="UZS", language=language)
    invited(by, branch_ids=[branch.pk])
    work()
    assert subject.lower() in post_office.letters[0]["Subject"].lower()
    assert f'lang="{language}"' in post_office.letters[0].get_body(("html",)).get_content()


def test_the_secret_stands_in_no_table_job_or_log(by, post_office, caplog):
    row = invited(by)
    work()
    secret = link_in(post_office.letters[0]).split("/")[-2]
    client = opened(f"/invitation/{secret}/")
    client.get("/invitation/")
    client.post("/invitation/", NEW)
    assert row.nonce != secret
    assert secret not in caplog.text
    assert tables_with(secret) == []
    assert tables_with(hash_of(secret)) == ["daftar_door"], "the search of the tables finds what is there"


def tables_with(text: str) -> list[str]:
    """Every table of the database that holds a text anywhere."""
    connections["default"].ensure_connection()
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{text}%"])
            found += [table] if cursor.fetchone()[0] else []
        cursor.execute("SET ROLE daftar_app")
    return found


def test_a_letter_that_could_not_leave_is_sent_later_with_the_same_link(by, post_office):
    post_office.fails = 1
    row = invited(by)
    work()
    assert post_office.letters == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    work()
    assert [link_in(letter) for letter in post_office.letters] == [link_of(by, row)]


def test_a_job_that_runs_twice_sends_one_letter(by, post_office):
    row = invited(by)
    work()
    from daftar.office.letters import mail_invitation

    mail_invitation(org_id=by.org_id, invitation_id=row.pk, site=SITE)
    assert len(post_office.letters) == 1


def test_a_link_is_used_once(by):
    link = link_of(by, invited(by))
    opened(link).post("/invitation/", NEW)
    answer = opened(link).get("/invitation/")
    assert answer.status_code == 410
    assert "used already" in answer.content.decode()


def test_sixteen_who_hold_one_link_make_one_login(by):
    link = link_of(by, invited(by))
    browsers = [opened(link) for _ in range(16)]
    answers = together([partial(each.post, "/invitation/", NEW) for each in browsers])
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 302
    assert set(statuses[1:]) <= {410, 422}
    assert User.objects.filter(email="kamola@x.example").count() == 1


def test_a_link_ends_after_seven_days(by):
    from dataclasses import replace

    past = replace(by, at=by.at - timedelta(days=7, seconds=1))
    with tenant_transaction(by.org_id):
        row = invite(past, email="k@x.example", name="K", role="teacher", branch_ids=(), site=SITE)
    answer = opened(link_of(by, row)).get("/invitation/")
    assert (answer.status_code, "7 days" in answer.content.decode()) == (410, True)


def test_a_withdrawn_link_says_so_and_its_letter_is_not_sent(by, post_office):
    row = invited(by)
    with tenant_transaction(by.org_id):
        withdraw_invitation(by, invitation_id=row.pk)
    work()
    assert post_office.letters == []
    client = opened(link_of(by, row))
    assert "withdrawn" in client.get("/invitation/").content.decode()
    assert client.post("/invitation/", NEW).status_code == 410


def test_whose_access_was_ended_before_coming_in_stays_outside(by):
    row = invited(by)
    with tenant_transaction(by.org_id):
        edit_member(by, member_id=row.member_id, name="K", role="cashier", branch_ids=[], is_active=False)
    assert opened(link_of(by, row)).post("/invitation/", NEW).status_code == 410
    assert not User.objects.filter(email="kamola@x.example").exists()


def test_sent_again_the_older_link_ends_and_the_newer_opens(by, post_office):
    row = invited(by)
    work()
    with tenant_transaction(by.org_id):
        send_invitation_again(by, invitation_id=row.pk, site=SITE)
    work()
    older, newer = (link_in(letter) for letter in post_office.letters)
    assert opened(older).get("/invitation/").status_code == 410
    assert opened(newer).post("/invitation/", NEW).status_code == 302


def test_a_letter_under_way_while_a_newer_one_is_wanted_does_not_stand_for_it(by, post_office):
    """The job has read the older link and is sending; meanwhile somebody invites again."""
    row = invited(by)
    with tenant_transaction(by.org_id):
        send_invitation_again(by, invitation_id=row.pk, site=SITE)
        note_invitation_mailed(by, invitation_id=row.pk, nonce=row.nonce)
    work()
    assert [link_in(letter) for letter in post_office.letters] == [link_of(by, row)]


def test_an_invented_link_and_a_forged_cookie_open_nothing(by):
    invited(by)
    assert opened("/invitation/" + "x" * 43 + "/").get("/invitation/").status_code == 410
    assert Client().get("/invitation/").status_code == 410
    client = Client()
    client.cookies["door"] = Door.unguarded.get().hash + ":1:forged"
    assert client.get("/invitation/").status_code == 410


def test_who_has_a_login_comes_in_with_it_and_no_other_is_made(by):
    other = a_centre("other")
    row = invited(by, email="aziza@other.example", role="teacher")
    client = opened(link_of(by, row))
    assert "There is a login" in client.get("/invitation/").content.decode()
    assert client.post("/invitation/", NEW).status_code == 422, "a login with this address is not made over"
    client.post("/login/", {"login": "aziza@other.example", "password": PASSWORD})
    assert client.post("/invitation/")["Location"] == "/lingua/"
    assert client.get("/lingua/").status_code == 200
    assert client.get("/other/").status_code == 200
    assert User.objects.get(email="aziza@other.example").check_password(PASSWORD)
    with pytest.raises(NotFound):
        actor_for(User.objects.get(email="aziza@lingua.example").pk, other.org_slug, "en")


def test_who_works_here_already_is_not_made_a_second_member(by):
    client = opened(link_of(by, invited(by, email="second@x.example")), owner_client())
    answer = client.post("/invitation/")
    assert answer.status_code == 410
    assert "works here already" in answer.content.decode()


def test_a_weak_password_is_told_beside_the_field(by):
    answer = opened(link_of(by, invited(by))).post("/invitation/", NEW | {"password": "short"})
    assert answer.status_code == 422
    assert re.search(r'id="id_password_error">[^<]*10 characters', answer.content.decode())


def test_an_address_is_invited_once_and_nobody_who_works_here(by):
    invited(by)
    for email in ("KAMOLA@x.example", "aziza@lingua.example"):
        with pytest.raises(EmailTaken):
            invited(by, email=email)


def test_only_who_manages_invites_and_into_no_stronger_role(by):
    with tenant_transaction(by.org_id):
        cashier = a_member(by, "Cashier", "cashier")
        with pytest.raises(Forbidden):
            invite(cashier, email="x@x.example", name="X", role="teacher", branch_ids=(), site=SITE)
        from daftar.orgs.models import Role
        from daftar.orgs.services import change_rights
        from tests.cast import acting

        pk = Role.objects.visible_to(by).get(code="cashier").pk
        change_rights(by, given={pk: ["orgs.manage"]}, taken={})
        manager = acting(by, Member.objects.visible_to(by).get(pk=cashier.member_id))
        with pytest.raises(BeyondOwnRights):
            invite(manager, email="x@x.example", name="X", role="owner", branch_ids=(), site=SITE)
        row = invite(by, email="x@x.example", name="X", role="owner", branch_ids=(), site=SITE)
        more = {send_invitation_again: {"site": SITE}, withdraw_invitation: {}, note_invitation_mailed: {"nonce": ""}}
        for deed, values in more.items():
            with pytest.raises(BeyondOwnRights):
                deed(manager, invitation_id=row.pk, **values)


def test_where_no_mail_is_sent_the_link_is_shown_once(by):
    client = owner_client()
    body = {"email": "k@x.example", "name": "K", "role": role_id(by, "teacher")}
    page = client.post("/lingua/team/invite/", body)["Location"]
    assert "invitation/" not in re.sub(r'(href|action)="[^"]*"', "", client.get(page).content.decode())
    shown = re.search(r'value="http://testserver(/invitation/[^"]+)"', client.post(page).content.decode())
    assert shown
    assert "/invitation/" not in client.post(page).content.decode().replace("/team/invitations/", "")
    assert opened(shown[1]).post("/invitation/", NEW).status_code == 302


def test_a_letter_is_written_in_plain_words(by, post_office):
    invited(by)
    work()
    text = text_of(post_office.letters[0])
    assert "Daftar invites you to work in Lingua. You will be: Cashier." in text
    assert "&" not in text

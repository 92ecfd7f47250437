"""Who may not see contacts gets none: on no page, in no history, and by no question that phones would answer."""

from __future__ import annotations

import pytest
from django.test import Client

from daftar.contracts.services import ContractTerms, add_contract
from daftar.finance.services import promise, take_payment
from daftar.lib.phone import without_contacts
from daftar.lib.tenancy import tenant_transaction
from daftar.office.urls import urlpatterns
from daftar.orgs.models import Member, Role
from daftar.orgs.roles import GRANTABLE
from daftar.orgs.services import add_role, change_rights, edit_member
from daftar.people.models import Contact, Student
from daftar.people.queries import contacts
from daftar.people.services import edit_student
from tests.cast import PASSWORD, a_member
from tests.probe import Probe, a_probe
from tests.test_sweep import address, said

PHONE, OLD_PHONE, EMAIL, NOTED, EXTRA = "+998907651122", "+998907653344", "zqsecret@x.example", "901115566", "907778899"
PAID, PROMISED, AGREED = "901231010", "901232020", "901233030"
# As a page may write them: with and without what stands between the digits.
CANARIES = (
    "7651122",
    "765 11 22",
    "765\u00a011\u00a022",
    "7653344",
    "zqsecret",
    "1115566",
    "7778899",
    "1231010",
    "1232020",
    "1233030",
)


@pytest.fixture
def ours(db):
    ours = a_probe("lingua")
    by, pk = ours.by, ours.ids["student_id"]
    with tenant_transaction(by.org_id):
        for phone in (OLD_PHONE, PHONE):
            edit_student(by, student_id=pk, **known(by, pk) | {"phone": phone, "email": EMAIL})
        Student.objects.visible_to(by).filter(pk=pk).update(
            note=f"call {NOTED} after six", extra={"Second phone": EXTRA}
        )
        terms = ContractTerms(by.today, by.today, 100, note=f"call {AGREED}")
        ours.ids["contract_id"] = add_contract(by, student_id=pk, terms=terms).pk
        promise(by, student_id=pk, promised_for=by.today, note=f"call {PROMISED}")
        ours.ids["payment_id"] = take_payment(
            by, student_id=pk, desk_id=ours.ids["desk_id"], amount=1, paid_on=by.today, key="noted", note=f"call {PAID}"
        ).pk
    return ours


def known(by, pk: int) -> dict:
    row = Student.objects.visible_to(by).get(pk=pk)
    return {
        "full_name": row.full_name, "branch_id": row.branch_id, "born_on": None, "payer_name": "", "source": "",
        "note": row.note,
    }  # fmt: skip


def deputy(ours: Probe, *, sees_contacts: bool) -> Client:
    """Someone with a role of the centre's own that may do everything, or everything but see contacts."""
    by = ours.by
    with tenant_transaction(by.org_id):
        owner = Role.objects.visible_to(by).get(code="owner")
        role = add_role(by, name="Deputy", copy_of=owner.pk)
        if not sees_contacts:
            change_rights(by, given={}, taken={role.pk: ["people.see_contacts"]})
        actor = a_member(by, "Deputy", "teacher")
        edit_member(by, member_id=actor.member_id, name="Deputy", role=role.pk, branch_ids=[], is_active=True)
    client = Client()
    client.post("/login/", {"login": "deputy@lingua.example", "password": PASSWORD})
    return client


def addresses(ours: Probe) -> list[str]:
    """Every page there is, and each list as it answers to parts of a phone."""
    pages = [address(route, ours.slug, ours.ids) for route in urlpatterns]
    student = f"/{ours.slug}/students/{ours.ids['student_id']}/"
    asked = [f"{path}?q={q}" for path in pages for q in ("1122", "7651122", "998907651122", "zqsecret", "Farhod")]
    return [*pages, *asked, f"{student}?tab=money", f"/{ours.slug}/payments/new/?student={ours.ids['student_id']}"]


def shown(client: Client, ours: Probe) -> set[str]:
    """Which canaries any page holds; what a page repeats of its own address is not told by it."""
    found = set()
    for path in addresses(ours):
        q = path.partition("?q=")[2]
        text = said(client.get(path))
        found |= {canary for canary in CANARIES if canary in text and (not q or canary not in q)}
    return found


def test_no_page_shows_a_contact_to_a_role_without_the_right(ours):
    assert shown(deputy(ours, sees_contacts=False), ours) == set()


def test_with_the_right_the_same_pages_show_them(ours):
    """The twin: the pages hold these canaries, so the test above can fail."""
    assert shown(deputy(ours, sees_contacts=True), ours) >= {
        "7651122", "7653344", "zqsecret", "1115566", "1231010", "1232020",
    }  # fmt: skip


def test_a_search_by_digits_answers_as_if_nobody_had_a_phone(ours):
    client = deputy(ours, sees_contacts=False)
    lists = ("discounts/", "discounts/new/", "pauses/", "pauses/new/")
    for page in ("students/", "payments/new/", "find/", f"groups/{ours.ids['group_id']}/add/", *lists):
        for real, none in (("1122", "9999"), ("7651122", "9999999"), ("998907651122", "999999999999")):
            answers = [client.get(f"/{ours.slug}/{page}", {"q": q}) for q in (real, none)]
            texts = [answer.content.decode().replace(q, "") for answer, q in zip(answers, (real, none), strict=True)]
            assert [answer.status_code for answer in answers] == [answers[0].status_code] * 2
            assert without_tokens(texts[0]) == without_tokens(texts[1]), (page, real)


def without_tokens(text: str) -> str:
    import re

    return re.sub(r'(csrfmiddlewaretoken|name="key")" value="[^"]*"', "", text)


def test_with_the_right_the_search_by_digits_does_answer(ours):
    answer = deputy(ours, sees_contacts=True).get(f"/{ours.slug}/students/", {"q": "1122"})
    assert "Farhod" in answer.content.decode()


def test_who_edits_without_the_right_leaves_phone_mail_and_note_as_they_were(ours):
    client, pk = deputy(ours, sees_contacts=False), ours.ids["student_id"]
    body = {"full_name": "Farhod Renamed", "branch_id": ours.ids["branch_id"], "phone": "", "email": "", "note": ""}
    assert client.post(f"/{ours.slug}/students/{pk}/edit/", body).status_code == 302
    with tenant_transaction(ours.by.org_id):
        ways = [way.value for way in contacts(ours.by, [pk])[pk]]
        assert sorted(ways) == sorted([PHONE, EMAIL])
        assert Student.objects.visible_to(ours.by).get(pk=pk).note == f"call {NOTED} after six"
        assert Student.objects.visible_to(ours.by).get(pk=pk).full_name == "Farhod Renamed"


def test_files_stay_closed_without_the_right_for_they_hold_phones(ours):
    client = deputy(ours, sees_contacts=False)
    for part in ("", "columns/", "groups/", "check/", "errors/"):
        assert client.get(f"/{ours.slug}/imports/{ours.ids['import_id']}/{part}").status_code == 403, part


def test_the_deputy_of_these_tests_may_do_all_the_rest(ours):
    deputy(ours, sees_contacts=False)
    with tenant_transaction(ours.by.org_id):
        role = Member.objects.visible_to(ours.by).get(name="Deputy").role
        assert role.rights == GRANTABLE - {"people.see_contacts"}
        assert Contact.objects.visible_to(ours.by).exists()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("mother +998 90 123-45-67, call", "mother •••, call"), ("8 (90) 123 45 67", "•••"), ("a.b@c.uz", "•••"),
        ("born 01.02.2010", "born 01.02.2010"), ("450 000 soum, room 12", "450 000 soum, room 12"),
    ],
)  # fmt: skip
def test_a_phone_in_a_free_text_is_taken_out_and_a_date_is_not(text, left):
    assert without_contacts(text) == left

"""The history tells decisions on charging in the words of their page."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import override

from daftar.office.home.journal import said
from daftar.orgs.charging import Charging, change_branch_charging
from daftar.orgs.models import AuditEntry
from tests.cast import a_branch

AS_CENTRE = Charging(None, None, "", None, None)


def test_a_decision_is_told_by_its_question_and_its_answers(by):
    change_branch_charging(by, branch_id=a_branch(by).pk, charging=replace(AS_CENTRE, several_discounts="oldest"))
    row = AuditEntry.objects.visible_to(by).filter(verb="orgs.change_branch_charging").get()
    with override("en"):
        told = [(change.field, change.old, change.new) for change in said(by, row).changes]
    assert told == [("Several discounts", "as the centre", "the oldest one counts")]

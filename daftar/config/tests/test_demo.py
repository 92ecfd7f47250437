"""The demo centre is played with: whatever its visitors do, its days go on being lived."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from daftar.config.demo import live, make_demo
from daftar.courses.models import Group
from daftar.courses.schedules import Schedule
from daftar.courses.services import edit_group
from daftar.finance.models import Desk, Payment
from daftar.finance.services import edit_desk
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member, Organization
from daftar.orgs.queries import system_actor
from daftar.orgs.services import edit_member


def test_the_days_go_on_whatever_visitors_close_end_and_take_away(db):
    by = make_demo(datetime(2025, 6, 2, tzinfo=UTC))
    with tenant_transaction(by.org_id):
        begins = Organization.objects.get(pk=by.org_id).demo_until
        for desk in Desk.objects.visible_to(by).filter(branch_id=Desk.objects.visible_to(by)[0].branch_id):
            edit_desk(by, desk_id=desk.pk, name=desk.name, is_open=False)
        for member in Member.objects.visible_to(by).filter(role__code__in=["administrator", "cashier"]):
            edit_member(by, member_id=member.pk, name="X", role="teacher", branch_ids=(), is_active=False)
        group = Group.objects.visible_to(by).order_by("id")[0]
        edit_group(
            by, group_id=group.pk, name="Without", starts_on=group.starts_on, last_on=group.ends_on - timedelta(1),
            schedule=Schedule(), teacher_id=None, room_id=None, capacity=None,
        )  # fmt: skip
        for day in range(1, 9):
            on = begins + timedelta(days=day)
            live(
                replace(system_actor(by.org_id), at=datetime(on.year, on.month, on.day, 7, tzinfo=UTC)),
                on,
                is_last=False,
            )
        assert Payment.objects.visible_to(by).exists()

"""What `seed-probe` makes: rows of every table, a canary in every text, and only where nobody is harmed."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from django.test.utils import isolate_apps

from daftar.config.probe import WRITTEN_BY_NOBODY, document, gaps, own_models, texts_of
from daftar.orgs.models import Organization, TenantModel
from tests.cast import a_centre
from tests.probe import ROLES, a_probe

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(db):
    return document([a_probe("lingua"), a_probe("other")], "http://127.0.0.1:8000")


def test_every_table_has_two_rows_in_every_branch_and_every_text_a_canary(told):
    assert gaps(told) == []


def test_a_table_that_nobody_seeds_would_be_missed(told):
    with isolate_apps("daftar"):

        class Planted(TenantModel):
            words = models.CharField(max_length=9)

            class Meta(TenantModel.Meta):
                app_label = "daftar"

        lacking = gaps(told, [*own_models(), Planted])
    assert lacking[:2] == ["lingua: Planted has fewer than 2 rows", "lingua: Planted.words shows no canary"]
    assert len(lacking) == 4


def test_texts_that_nobody_writes_exist():
    fields = {f"{model.__name__}.{name}" for model in own_models() for name in texts_of(model)}
    assert fields >= WRITTEN_BY_NOBODY


def test_the_two_centres_are_mirrors_and_share_no_canary_and_no_id(told):
    one, two = told["centres"]
    assert {name: len(ids) for name, ids in one["ids"].items()} == {name: len(ids) for name, ids in two["ids"].items()}
    assert not {place["text"] for place in one["canaries"]} & {place["text"] for place in two["canaries"]}
    for name, ids in one["ids"].items():
        assert not set(ids) & set(two["ids"][name]), name
    assert {login["role"] for login in one["logins"]} == set(ROLES)


def test_each_canary_has_one_owner_wherever_it_shows(told):
    for centre in told["centres"]:
        owners = {place["text"]: place["branch"] for place in centre["canaries"]}
        assert set(owners.values()) == {None, *(branch["id"] for branch in centre["branches"])}
        assert all(owners[place["text"]] == place["branch"] for place in centre["canaries"])


def test_the_command_tells_logins_that_work_and_will_not_run_twice(tmp_path, capsys):
    file = tmp_path / "probe.json"
    call_command("seed_probe", json=file)
    centre = json.loads(file.read_text())["centres"][0]
    assert file.stat().st_mode & 0o077 == 0
    for login in centre["logins"]:
        client = Client()
        client.post("/login/", {"login": login["email"], "password": login["password"]})
        assert client.get(f"/{centre['slug']}/").status_code == 200, login
    with pytest.raises(CommandError, match="there already"):
        call_command("seed_probe", json=tmp_path / "again.json")


def test_the_command_leaves_centres_of_people_alone(tmp_path, capsys):
    a_centre("lingua")
    with pytest.raises(CommandError, match="centres of people"):
        call_command("seed_probe", json=tmp_path / "probe.json")
    assert Organization.objects.count() == 1
    call_command("seed_probe", json=tmp_path / "probe.json", among_others=True)
    assert Organization.objects.count() == 3


def test_the_command_refuses_where_others_can_reach_the_server(tmp_path, monkeypatch):
    from dataclasses import replace

    from daftar.management.commands import seed_probe

    monkeypatch.setattr(seed_probe, "ENV", replace(seed_probe.ENV, hosts=("daftar.example",)))
    with pytest.raises(CommandError, match="loopback"):
        call_command("seed_probe", json=tmp_path / "probe.json")

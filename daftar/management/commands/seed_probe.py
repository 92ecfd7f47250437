"""`daftar seed-probe`: two mirror centres to probe from outside, and the file that tells what is in them."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from daftar.config.env import ENV
from daftar.config.probe import document, gaps, make_probe
from daftar.orgs.models import Organization

if TYPE_CHECKING:
    from argparse import ArgumentParser

SLUGS = ("probe-one", "probe-two")
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


class Command(BaseCommand):
    """Makes both or neither; the passwords are made here and stand in the file only."""

    help = "Make two mirror centres with a canary in every text, and write their logins, ids and canaries into a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", type=Path, required=True, help="the file to write; it holds passwords")
        parser.add_argument("--url", help="where the installation answers; known of a running `up`")
        parser.add_argument("--among-others", action="store_true", help="also where there are centres of people")

    def handle(self, **options: Any) -> None:
        file: Path = options["json"]
        _refuse(file, among_others=options["among_others"])
        now, password = datetime.now(UTC), secrets.token_urlsafe(16)
        with transaction.atomic():
            told = document(
                [make_probe(slug, at=now, password=password) for slug in SLUGS], options["url"] or _address()
            )
            if lacking := gaps(told):
                raise CommandError("\n".join(lacking))
            file.touch(mode=0o600)
            file.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        logins = sum(len(centre["logins"]) for centre in told["centres"])
        print(f"/{SLUGS[0]}/ and /{SLUGS[1]}/: {logins} logins, ids and canaries are in {file}")


def _refuse(file: Path, *, among_others: bool) -> None:
    if ENV.https or set(ENV.hosts) - LOOPBACK:
        raise CommandError("Only an installation that answers on loopback alone may be probed like this.")
    if Organization.objects.filter(slug__in=SLUGS).exists():
        raise CommandError("The centres to probe are there already. Their passwords stand in the file made then.")
    if not among_others and Organization.objects.filter(is_demo=False).exists():
        raise CommandError("There are centres of people here. Use another data folder, or say --among-others.")
    if file.exists():
        raise CommandError(f"{file} exists already.")


def _address() -> str:
    """Where the `up` of this data folder answers."""
    port = ENV.port
    with suppress(OSError, ValueError, KeyError):
        port = json.loads((ENV.data / "up.json").read_text(encoding="utf-8"))["port"]
    return f"http://127.0.0.1:{port}"

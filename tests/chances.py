"""What facts of a random history are about."""

from __future__ import annotations

from datetime import date, timedelta

from daftar.lib.errors import NotFound

FIRST = date(2025, 5, 2)


def one_of(by, dice, model, **conditions):
    """A row, or NotFound."""
    ids = list(model.objects.visible_to(by).filter(**conditions).order_by("id").values_list("id", flat=True))
    if not ids:
        raise NotFound
    return model.objects.visible_to(by).get(pk=dice.choice(ids))


def around(by, dice, back: int = 30, ahead: int = 20) -> date:
    return max(FIRST, by.today + timedelta(days=dice.randint(-back, ahead)))


def perhaps(dice, value):
    return dice.choice([None, value])

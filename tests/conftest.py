"""A centre with rows of everything, and its owner signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.probe import Probe, a_probe, client_of

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture
def ours(db) -> Probe:
    return a_probe("lingua")


@pytest.fixture
def owner(ours: Probe) -> Client:
    return client_of(ours, "owner")

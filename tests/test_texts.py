"""Every text can be read in five languages, every drawing exists, and no sum is ever a fraction of a machine."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from daftar.config import messages, vendor

ROOT = Path(__file__).resolve().parents[1]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def texts(catalog: Catalog) -> set[str]:
    return {str(message.id) for message in catalog if message.id}


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_catalogues_hold_every_text_of_the_code_and_no_other(language):
    assert texts(messages._read(language)) == texts(messages.gather())


@pytest.mark.parametrize("language", messages.LANGUAGES[1:])
def test_no_text_appears_in_english(language):
    assert messages.untranslated(language) == []


def test_a_doubtful_translation_is_shown_and_counted(tmp_path, monkeypatch):
    catalog = Catalog(locale="uz")
    catalog.add("Second step", "Ikkinchi qadam", flags=["fuzzy"])
    monkeypatch.setattr(messages, "_po", lambda _language: tmp_path / "django.po")
    with messages._po("uz").open("wb") as file:
        write_po(file, catalog)
    messages.compile_all()
    with messages._po("uz").with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Second step") == "Ikkinchi qadam"
    assert (messages.untranslated("uz"), messages.doubtful("uz")) == ([], [str(catalog["Second step"].id)])


@pytest.mark.parametrize("language", messages.LANGUAGES[1:])
def test_translations_keep_their_places_for_values(language):
    for message in messages._read(language):
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in said:
            assert set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(ids[-1])), message.id


def test_a_text_without_translation_would_be_noticed():
    catalog = Catalog(locale="ru")
    catalog.add("New words")
    assert texts(catalog) - texts(messages.gather()) == {"New words"}


def drawings(source: str) -> set[str]:
    return set(re.findall(r"icon\(\"([\w-]+)\"", source))


def test_every_drawing_is_brought_along():
    used = set().union(*(drawings(path.read_text()) for path in (ROOT / "daftar/office/jinja2").rglob("*.html")))
    assert used <= set(vendor.ICONS), used - set(vendor.ICONS)


def floats(source: str) -> list[int]:
    """Lines where a binary fraction could enter."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in {
            "float",
            "FloatField",
        }:
            found.append(node.lineno)
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(node.lineno)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            found.append(node.lineno)
    return found


def test_no_binary_fraction_on_the_way_of_money():
    for package in ("ledger", "tuition", "finance", "transfer"):
        for path in (ROOT / "daftar" / package).rglob("*.py"):
            if "tests" not in path.parts:
                assert floats(path.read_text().replace("__file__).", "")) == [], path
    assert floats((ROOT / "daftar/lib/money.py").read_text()) == []


def test_a_fraction_would_be_caught():
    assert sorted(floats("price = amount * 0.9\nx = float(price)\ny = price / 3\n")) == [1, 2, 3]

"""What the documents promise is what the code does: tables are executed, examples run, links and names lead somewhere.

Pure: no database. Each check is shown to catch a planted fault.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from itertools import takewhile
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from daftar.config.env import OUTSIDE, Env
from daftar.tuition.tests import quote_cast
from tests.worked import WORKED, minor

ROOT = Path(__file__).resolve().parents[1]
PAGES = [path for pattern in ("*.md", "docs/**/*.md", "requirements/*.md") for path in sorted(ROOT.glob(pattern))]
SOURCES = [path for path in sorted((ROOT / "daftar").rglob("*.py")) if not {"tests", "migrations"} & set(path.parts)]
HANDBOOK = {name: ROOT / f"docs/rules/{name}.md" for name in ("pricing", "ledger", "attendance", "pauses", "leaving")}
DJANGOS = {"makemigrations", "migrate"}
MOST_STEPS = 7


# --- tables -----------------------------------------------------------------------------------------------------


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def table_after(text: str, mark: str) -> list[dict[str, str]]:
    """The rows of the table that follows a mark, by the names in its head."""
    _before, found, rest = text.partition(mark)
    assert found, f"no table {mark}"
    lines = list(takewhile(lambda line: line.startswith("|"), rest.lstrip("\n").splitlines()))
    head = cells(lines[0])
    return [dict(zip(head, cells(line), strict=True)) for line in lines[2:]]


BOOKS = {"transfers", "balances"}


def wrong_rows(text: str) -> list[str]:
    """Rows of the worked tables that say something else than the code does."""
    wrong = []
    for name in re.findall(r"<!-- worked: (\w+) -->", text):
        if name in BOOKS:
            continue
        for number, row in enumerate(table_after(text, f"<!-- worked: {name} -->"), 1):
            said = WORKED[name](row)
            wrong += [
                f"{name} {number}: {what} is {row[what]}, the code says {value}"
                for what, value in said.items()
                if row[what] != value
            ]
    return wrong


def test_worked_tables_say_what_the_code_does():
    texts = [path.read_text() for path in HANDBOOK.values()]
    assert [wrong for text in texts for wrong in wrong_rows(text)] == []
    assert {name for text in texts for name in re.findall(r"<!-- worked: (\w+) -->", text)} == WORKED.keys() | BOOKS


@pytest.mark.parametrize(("true", "false"), [("230 769", "230 770"), ("333.34", "333.33"), ("10 of 13", "9 of 13")])
def test_a_wrong_figure_would_be_caught(true, false):
    text = HANDBOOK["pricing"].read_text()
    assert true in text
    assert wrong_rows(text.replace(true, false))


def quoted() -> list[dict[str, object]]:
    """The files of `quote` in the handbook, and what it says to the first."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", HANDBOOK["pricing"].read_text(), re.DOTALL)]


def test_the_handbooks_file_is_quoted_as_it_says():
    facts, said, other_keys = quoted()
    assert quote_cast.answered(facts) == said
    assert quote_cast.answered(other_keys)["unpriced"] == ["l1"]
    assert not facts.keys() & other_keys.keys() - {"currency", "until"}


def test_a_wrong_answer_in_the_handbook_would_be_caught():
    facts, said, _other_keys = quoted()
    assert quote_cast.answered({**facts, "until": "2025-06-01"}) != said


def test_the_promised_examples_are_worked():
    text = HANDBOOK["pricing"].read_text()
    names = {
        row["example"]
        for name in WORKED.keys() - {"marks", "credits", "leaving"}
        for row in table_after(text, f"<!-- worked: {name} -->")
    }
    assert names >= {f"E{number}" for number in (*range(1, 11), *range(12, 29), 32, 34)}
    assert names >= {"AT-01", "AT-02", "AT-03", "AT-08", "AT-09", "AT-13", "AT-36", "AT-39"}


def books(text: str) -> dict[str, int]:
    """What the transfers of the ledger's page leave in each account."""
    sums: dict[str, int] = {}
    rows = table_after(text, "<!-- worked: transfers -->")
    for row in rows:
        amount = minor(row["amount"])
        assert amount > 0
        sums[row["debit"]] = sums.get(row["debit"], 0) - amount
        sums[row["credit"]] = sums.get(row["credit"], 0) + amount
        if undone := re.fullmatch(r"reversal of (\d+)", row["kind"]):
            first = rows[int(undone[1]) - 1]
            assert (first["debit"], first["credit"], first["amount"]) == (row["credit"], row["debit"], row["amount"])
    return sums


def test_the_books_of_the_ledger_page_balance():
    text = HANDBOOK["ledger"].read_text()
    said = {row["account"]: minor(row["balance"]) for row in table_after(text, "<!-- worked: balances -->")}
    assert books(text) == said
    assert sum(said.values()) == 0


# --- examples -----------------------------------------------------------------------------------------------------


def run_examples(text: str) -> int:
    """Runs the blocks marked `python run`; how many there were."""
    blocks = re.findall(r"^```python run\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for block in blocks:
        exec(compile(block, "example", "exec"), {})
    return len(blocks)


def test_examples_run():
    assert sum(run_examples(path.read_text()) for path in PAGES) >= 3


def test_an_example_that_is_wrong_would_be_caught():
    with pytest.raises(AssertionError):
        run_examples("```python run\nassert 1 + 1 == 3\n```\n")


# --- links and places -----------------------------------------------------------------------------------------------


def dead_links(path: Path, text: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    inside = [link.split("#")[0] for link in found if not re.match(r"https?:|mailto:|#", link)]
    return [f"{path.name}: {link}" for link in inside if not (path.parent / link).exists()]


def test_links_lead_somewhere():
    assert [dead for path in PAGES for dead in dead_links(path, path.read_text())] == []


def test_a_dead_link_would_be_caught():
    assert dead_links(ROOT / "README.md", "[x](docs/nothing.md) ![y](LICENSE)") == ["README.md: docs/nothing.md"]


def missing_places(text: str) -> list[str]:
    """Files, and `file.py::name`s in them, that a text names and the project does not have."""
    missing = []
    for place in re.findall(r"(?<![\w/.])((?:daftar|tests|docs|requirements)/[\w./*-]*[\w/*](?:::\w+)?)", text):
        path, _mark, name = place.partition("::")
        files = [file for file in ROOT.glob(path.rstrip("/")) if file.exists()]
        if not files or (name and not re.search(rf"^(\s*(def|class) )?{name}\b", files[0].read_text(), re.MULTILINE)):
            missing.append(place)
    return missing


def test_named_places_exist():
    assert [f"{path.name}: {place}" for path in PAGES for place in missing_places(path.read_text())] == []


def test_a_place_that_is_gone_would_be_caught():
    text = "see `daftar/lib/money.py::part_of`, `daftar/lib/money.py::nothing` and `daftar/nowhere.py`"
    assert missing_places(text) == ["daftar/lib/money.py::nothing", "daftar/nowhere.py"]


def test_recipes_are_short():
    for path in (ROOT / "docs/howto").glob("*.md"):
        assert len(re.findall(r"^\d+\. ", path.read_text(), re.MULTILINE)) <= MOST_STEPS, path


# --- commands and variables -----------------------------------------------------------------------------------------


def invented_commands(text: str) -> list[str]:
    """Words and options after `python3 manage.py` that are none."""
    cli = (ROOT / "daftar/config/cli.py").read_text()
    words = set(re.findall(r'"([a-z-]+)": ', re.search(r"words = \{.*?\}", cli, re.DOTALL)[0]))
    own = {path.stem.replace("_", "-"): path for path in (ROOT / "daftar/management/commands").glob("[a-z]*.py")}
    wrong = []
    for word, rest in re.findall(r"python3 manage\.py ([a-z-]+)([^`\n#|]*)", text):
        if word not in words | own.keys() | DJANGOS:
            wrong.append(word)
        known = cli + (own[word].read_text() if word in own else "")
        options = set() if word in DJANGOS else set(re.findall(r"(?<=\s)--[a-z-]+", rest))
        wrong += [f"{word} {option}" for option in sorted(options) if f'"{option}"' not in known]
    return wrong


def test_commands_in_the_docs_exist():
    texts = [path.read_text() for path in PAGES]
    assert [wrong for text in texts for wrong in invented_commands(text)] == []
    readme = (ROOT / "README.md").read_text()
    options = re.sub(r"`up (--[^`]*)`", r"`python3 manage.py up \1`", readme)
    assert invented_commands(options) == []
    assert all(f"manage.py {word}" in readme for word in ("up", "test", "down", "found-centre", "import"))


def test_an_invented_command_would_be_caught():
    assert invented_commands("python3 manage.py fly --high\n") == ["fly", "fly --high"]
    assert invented_commands("python3 manage.py up --port 1 --fast\n") == ["up --fast"]


def variables(kinds=Env) -> list[dict[str, str]]:
    """The table of environment variables as the code would write it."""
    outside, rows = {own: name for name, own in OUTSIDE.items()}, []
    for spec in fields(kinds):
        default = spec.default
        text = (
            ",".join(default)
            if isinstance(default, tuple)
            else str(int(default) if isinstance(default, bool) else default)
        )
        name = outside.get(spec.name, f"DAFTAR_{spec.name.upper()}")
        rows.append(
            {"variable": f"`{name}`", "default": f"`{text}`" if text else "empty", "meaning": spec.metadata["help"]}
        )
    return rows


def test_environment_variables_are_those_of_the_code():
    assert table_after((ROOT / "docs/admin/running.md").read_text(), "<!-- env -->") == variables()


def test_a_forgotten_variable_would_be_caught():
    text = (ROOT / "docs/admin/running.md").read_text()
    without = re.sub(r"^\| `DAFTAR_HTTPS`.*\n", "", text, flags=re.MULTILINE)
    assert without != text
    assert table_after(without, "<!-- env -->") != variables()


# --- words --------------------------------------------------------------------------------------------------------


def glossary() -> list[dict[str, str]]:
    text = (ROOT / "docs/glossary.md").read_text()
    return [row for part in ("## Nouns\n", "## Verbs\n") for row in table_after(text, part)]


def unused_words(rows: list[dict[str, str]]) -> list[str]:
    used = set().union(*(re.findall(r"\w+", path.read_text()) for path in SOURCES))
    return [row["word"] for row in rows if row["in code"].strip("`") not in used]


def test_the_glossary_speaks_the_words_of_the_code():
    rows = glossary()
    assert unused_words(rows) == []
    words = [row["word"] for row in rows]
    assert sorted(set(words)) == sorted(words), "one word, one meaning"


def test_a_word_nobody_uses_would_be_caught():
    assert unused_words([{"word": "Horse", "in code": "`HorseOfTheCentre`"}]) == ["Horse"]


@pytest.mark.parametrize(
    ("language", "column"), [("uz", "Oʻzbekcha"), ("ru", "Русский"), ("pl", "Polski"), ("it", "Italiano")]
)
def test_the_glossary_says_what_the_pages_say(language, column):
    with (ROOT / f"daftar/locale/{language}/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    for row in glossary():
        text = row["English page"]
        said = catalogue.get(text).string if text else ""
        assert row[column] == (said if isinstance(said, str) else said[0]), text


def unexplained(source: str) -> list[str]:
    """Numbers of the handbook that a source cites and the pricing page does not have."""
    cited = re.findall(r"\b9\.\d+\b|\bAT-\d+\b|(?<=rule )[DE]\d+\b|(?<=decision )D\d+\b", source)
    text = HANDBOOK["pricing"].read_text()
    return [number for number in cited if not re.search(rf"(?<![\w.-]){re.escape(number)}(?!\d)", text)]


def test_numbers_cited_in_the_code_are_explained():
    for path in SOURCES:
        assert unexplained(path.read_text()) == [], path


def test_a_number_nobody_explains_would_be_caught():
    assert unexplained("see pricing rule 9.99 and 9.14, rule E77, decision D1") == ["9.99", "E77"]


# --- licence ------------------------------------------------------------------------------------------------------


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text()
    assert text.startswith("GNU AFFERO GENERAL PUBLIC LICENSE")
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text) > 34_000

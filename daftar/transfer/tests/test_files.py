"""Files as they arrive: any encoding, any spreadsheet, and what only pretends to be one."""

import io
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daftar.transfer.files import (
    FileEmpty,
    FileIsABomb,
    FileNotATable,
    FileTooLarge,
    TooManyRows,
    harmless,
    read_table,
    written,
)

DATA = Path(__file__).resolve().parents[3] / "tests/data"


def an_xlsx(sheet: bytes, **parts: bytes) -> bytes:
    """A spreadsheet of one sheet as Excel writes it, with the least that a reader needs."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    doc = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{doc}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{doc}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{doc}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as book:
        for name, text in files.items():
            book.writestr(name, text)
        book.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}">'.encode() + sheet + b"</worksheet>")
        for name, data in parts.items():
            book.writestr(name, data)
    return content.getvalue()


def a_cell(place: str, text: str) -> bytes:
    return f'<row r="{place[1:]}"><c r="{place}" t="inlineStr"><is><t>{text}</t></is></c></row>'.encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found_out(encoding, mark):
    rows = [["ФИО", "Телефон", "Остаток"], *([f"Иванов Иван {n}", "+79161234567", "1 250"] for n in range(9))]
    table = read_table("\n".join(mark.join(row) for row in rows).encode(encoding))
    assert (table.headings, table.lines[0].cells, len(table.lines)) == (rows[0], rows[1], 9)


def test_polish_and_italian_code_pages_are_told_from_cyrillic():
    text = "Imię i nazwisko;Telefon;Uwagi\nŁukasz Źrebięcy;+48501234567;zażółć gęślą jaźń\nŻaneta Ćwik;;świetnie\n"
    table = read_table(text.encode("cp1250"))
    assert (table.encoding, table.lines[0].cells[0]) == ("windows-1250", "Łukasz Źrebięcy")


def test_a_title_above_the_headings_and_blank_rows_keep_the_numbers():
    table = read_table("Отчёт за ноябрь\n\nФИО;Телефон\nИванов;1\n;\nПетров;2\n".encode())
    assert (table.headings, [line.number for line in table.lines]) == (["ФИО", "Телефон"], [4, 6])


def test_excels_own_line_about_the_delimiter_is_obeyed():
    table = read_table("sep=;\nФИО;Остаток\nИванов;1,5\n".encode())
    assert (table.headings, table.lines[0].cells, table.lines[0].number) == (["ФИО", "Остаток"], ["Иванов", "1,5"], 3)


def test_a_spreadsheet_gives_days_numbers_and_texts_as_people_write_them():
    table = read_table((DATA / "students_modme_uz.xlsx").read_bytes())
    assert len(table.lines) == 200
    assert table.lines[0].cells[1:4] == ["+998338473992", "+998996203868", "2015-11-06"]
    assert table.lines[0].cells[8:13] == ["14:00", "2026-10-22", "", "300000", "-300000"]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", FileEmpty), (b"\n\n", FileEmpty), ("ФИО;Телефон\n".encode(), FileEmpty), (b"%PDF-1.7 ...", FileNotATable),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", FileNotATable), (b"PK\x03\x04 and no more", FileNotATable),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, FileNotATable),
        (b"x" * (20 * 1024 * 1024 + 1), FileTooLarge),
        (b"Name\n" + b"A\n" * 60_001, TooManyRows), (b"Name" + b",a" * 100 + b"\n1", TooManyRows),
    ],
    ids=["nothing", "blank", "headings only", "pdf", "png", "cut zip", "cut xls", "21 MB", "60001 rows", "101 columns"],
)  # fmt: skip
def test_what_is_no_list_of_people_is_refused(content, refusal):
    with pytest.raises(refusal):
        read_table(content)


def a_bomb() -> bytes:
    """About 243 KB that are a quarter of a gigabyte unpacked."""
    return an_xlsx(b"<sheetData>" + b'<row><c t="n"><v>1</v></c></row>' * 7_600_000 + b"</sheetData>")


def test_a_spreadsheet_bomb_is_refused_at_once_by_its_directory():
    content = a_bomb()
    assert 200_000 < len(content) < 2_000_000
    began = time.monotonic()
    with pytest.raises(FileIsABomb):
        read_table(content)
    assert time.monotonic() - began < 0.5


def test_a_sheet_of_a_million_rows_is_refused_before_they_are_written_out():
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, 300_001))
    began = time.monotonic()
    with pytest.raises(TooManyRows):
        read_table(an_xlsx(b"<sheetData>" + rows + b"</sheetData>"))
    assert time.monotonic() - began < 4


def test_a_bomb_that_lies_about_its_size_is_stopped_all_the_same():
    honest = a_bomb()
    with zipfile.ZipFile(io.BytesIO(honest)) as book:
        size = book.getinfo("xl/worksheets/sheet1.xml").file_size
    content = honest.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    began = time.monotonic()
    with pytest.raises((FileNotATable, FileIsABomb, TooManyRows, FileEmpty)):
        read_table(content)
    assert time.monotonic() - began < 5


def test_a_sheet_with_one_cell_at_the_end_of_the_world_takes_no_memory():
    content = an_xlsx(
        b"<sheetData>"
        + a_cell("A1", "Name")
        + a_cell("XFD1048576", "x").replace(b'r="FD1048576"', b'r="1048576"')
        + b"</sheetData>"
    )
    began = time.monotonic()
    with pytest.raises((FileNotATable, FileIsABomb, TooManyRows)):
        read_table(content)
    assert time.monotonic() - began < 2


def test_entities_of_a_sheet_are_not_expanded():
    """The billion laughs and a file of the server: a reader that expands neither has nothing to refuse."""
    evil = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY s SYSTEM "file:///etc/passwd">]>'
    content = an_xlsx(b"<sheetData>" + a_cell("A1", "Name") + a_cell("A2", "&s;&a;") + b"</sheetData>")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as book, zipfile.ZipFile(changed, "w") as other:
        for name in book.namelist():
            other.writestr(name, evil + sheet if name.endswith("sheet1.xml") else book.read(name))
    try:
        shown = str(read_table(changed.getvalue()).lines)
    except (FileNotATable, FileEmpty):
        shown = ""
    assert "root:" not in shown and "ha" not in shown


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("-700", "-700"), ("+998 90 123-45-67", "+998 90 123-45-67"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"), ("+A1", "'+A1"), ("Иванов", "Иванов"), ("", ""),
    ],
)  # fmt: skip
def test_no_cell_of_ours_computes(cell, safe):
    assert harmless(cell) == safe


@given(
    st.lists(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=6), min_size=2, max_size=2), max_size=3)
)
def test_what_is_written_can_be_brought_again(rows):
    from daftar.transfer.rules.table import plain

    kept = [[plain(cell.replace("\r", "")) for cell in row] for row in rows]
    table = read_table(written([["Name", "Note"], ["first", "one"], *kept]))
    assert table.headings == ["Name", "Note"]
    again = [[*line.cells, "", ""][:2] for line in table.lines[1:]]
    assert again == [row for row in kept if any(row)]

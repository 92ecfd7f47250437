"""Contents on the disk: found by what they are, once, whole, and nowhere else."""

import hashlib

import pytest

from daftar.lib.store import keep, opened, place_of


def test_a_content_is_found_by_its_hash(tmp_path):
    sha256, size = keep(tmp_path / "1", [b"ab", b"c"])
    assert (sha256, size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    with opened(tmp_path / "1", sha256) as file:
        assert file.read() == b"abc"


def test_the_same_content_is_kept_once_and_only_we_can_read_it(tmp_path):
    for _ in range(2):
        keep(tmp_path, [b"abc"])
    (kept,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept.stat().st_mode & 0o077 == 0


def test_what_breaks_off_leaves_nothing(tmp_path):
    def broken():
        yield b"half"
        raise OSError("the line is cut")

    with pytest.raises(OSError, match="cut"):
        keep(tmp_path, broken())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["../../secret-key", "", "A" * 64, "a" * 63, f"{'a' * 64}\n"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match=r".*"):
        place_of(tmp_path, name)


def test_what_is_not_there_is_none(tmp_path):
    assert opened(tmp_path, "0" * 64) is None

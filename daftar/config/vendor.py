"""The browser files that others wrote: copied from node_modules into static files, only those that are used."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "daftar" / "static" / "vendor"

FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
}

# fmt: off
ICONS = (
    "alert-circle", "alert-triangle", "archive", "arrow-back-up", "arrow-down", "arrow-right", "arrow-up",
    "ball-football", "ban", "book", "box", "building-bank", "calendar-event", "calendar-off", "calendar-plus", "cash",
    "certificate", "check", "checklist", "chess", "chevron-left", "chevron-right", "circle-check", "clock", "coins",
    "credit-card", "device-floppy", "devices", "discount", "door", "door-exit", "dots-vertical", "file-download",
    "file-import", "flask", "history", "home", "id-badge-2", "info-circle", "language", "list-check", "list-numbers",
    "lock", "login", "logout", "map-pin", "math", "menu-2", "microphone", "moon", "music", "notes", "palette",
    "paperclip", "pencil", "phone", "plus", "printer", "receipt", "repeat", "school", "search", "settings",
    "snowflake", "star", "sun", "tag", "user", "user-check", "user-plus", "users", "users-group", "video", "wallet",
    "wifi-off", "x",
)
# fmt: on

SOURCE_MAP = re.compile(rb"/[*/]# sourceMappingURL=[^\n*]*(?:\*/)?")


def missing() -> bool:
    """Whether any file is absent, so that a start without Node can go on when nothing is."""
    wanted = [VENDOR / name for name in FILES] + [VENDOR / "icons" / f"{icon}.svg" for icon in ICONS]
    return not all(path.is_file() for path in wanted)


def main() -> None:
    """Copy; a name that the package no longer holds stops here, not in a page."""
    if VENDOR.exists():
        shutil.rmtree(VENDOR)
    (VENDOR / "icons").mkdir(parents=True)
    for name, source in FILES.items():
        # Maps are not shipped: a manifest of static files would look for them, and a browser would miss them.
        (VENDOR / name).write_bytes(SOURCE_MAP.sub(b"", (MODULES / source).read_bytes()))
    for icon in ICONS:
        shutil.copyfile(MODULES / "@tabler/icons/icons/outline" / f"{icon}.svg", VENDOR / "icons" / f"{icon}.svg")


if __name__ == "__main__":
    main()

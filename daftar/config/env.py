"""What the surroundings say, read once and typed; an unknown or malformed value stops the start with a sentence."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import unquote, urlsplit


class EnvError(SystemExit):
    """A variable is missing or malformed; the message says which and what is expected."""


@dataclass(frozen=True)
class Env:
    """Every DAFTAR_* variable, its meaning and its default."""

    secret_key: str = field(default="", metadata={"help": "signs sessions; kept in the data folder by `up`"})
    database_url: str = field(default="", metadata={"help": "postgresql://owner:password@host:port/name, the owner"})
    database_app_url: str = field(default="", metadata={"help": "a login that may only use the tables; else SET ROLE"})
    data: Path = field(default=Path("var"), metadata={"help": "folder of the database, the key and uploads"})
    port: int = field(default=8000, metadata={"help": "port of the web server"})
    hosts: tuple[str, ...] = field(
        default=("127.0.0.1", "localhost", "[::1]"), metadata={"help": "names it answers to, with commas"}
    )
    https: bool = field(default=False, metadata={"help": "1 behind TLS: secure cookies, HSTS"})
    smtp_url: str = field(
        default="", metadata={"help": "smtp://user:password@host:587?tls=1 or smtps://…; empty: no mail is sent"}
    )
    mail_from: str = field(default="", metadata={"help": "the sender of letters: Daftar <daftar@example.org>"})
    testing: bool = field(default=False, metadata={"help": "1 in the test command: a cheap password hasher"})
    demo_logins: bool = field(
        default=False,
        metadata={"help": "1 lets the demo logins in and shows them; `up` sets it, as it listens on loopback"},
    )
    backups: str = field(default="", metadata={"help": "folder of the backups; else `backups` in the data folder"})
    log: str = field(
        default="json", metadata={"help": "json or text: the form of the log; `up` at a terminal takes text"}
    )
    backup_keep: int = field(default=7, metadata={"help": "backups kept; `up` makes one a day, with 0 none"})


OUTSIDE = {"DATABASE_URL": "database_url", "DATABASE_APP_URL": "database_app_url"}
# Read by the commands around the settings, not by the settings.
BESIDE = {"DAFTAR_CHROMIUM", "DAFTAR_CRASH_KILLS"}


def read(variables: Mapping[str, str]) -> Env:
    """The variables as one value; EnvError names the first that is not understood."""
    known = {f"DAFTAR_{spec.name.upper()}": spec for spec in fields(Env) if spec.name not in OUTSIDE.values()}
    for name in variables:
        if name.startswith("DAFTAR_") and name not in known and name not in BESIDE:
            raise EnvError(f"{name} is not a setting of Daftar. Known: {', '.join(sorted(known))}.")
    values: dict[str, object] = {own: variables[name] for name, own in OUTSIDE.items() if variables.get(name)}
    for name, spec in known.items():
        if name in variables:
            values[spec.name] = _typed(name, variables[name], spec.default)
    return Env(**values)  # type: ignore[arg-type] # each value was made by the type of its default


def _typed(name: str, text: str, default: object) -> object:
    if isinstance(default, bool):
        if text not in {"0", "1", ""}:
            raise EnvError(f"{name} must be 0 or 1, not {text!r}.")
        return text == "1"
    if isinstance(default, int):
        if not text.isdigit():
            raise EnvError(f"{name} must be a whole number, not {text!r}.")
        return int(text)
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return Path(text) if isinstance(default, Path) else text


def database(url: str, **options: str) -> dict[str, object]:
    """Django's settings for a postgresql:// address; the host may also be a socket folder in ?host=."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise EnvError("DATABASE_URL must start with postgresql://")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "daftar.config.postgres",
        "NAME": unquote(parts.path.lstrip("/")) or "daftar",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", "") or parts.hostname or ""),
        "PORT": query.pop("port", "") or str(parts.port or ""),
        "OPTIONS": {**{key: unquote(value) for key, value in query.items()}, **options},
    }


def mail(url: str, sender: str) -> dict[str, object]:
    """Django's settings for an smtp:// address (`?tls=1`: STARTTLS) or smtps://; without one no mail is sent."""
    parts = urlsplit(url)
    if parts.scheme not in {"", "smtp", "smtps"} or bool(url) != bool(parts.hostname):
        raise EnvError("DAFTAR_SMTP_URL must look like smtp://user:password@host:587?tls=1")
    if url and not sender:
        raise EnvError("DAFTAR_MAIL_FROM must name the sender where DAFTAR_SMTP_URL is set.")
    if parts.query not in {"", "tls=0", "tls=1"}:
        raise EnvError("DAFTAR_SMTP_URL knows only ?tls=1 after the host.")
    return {
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or {"smtps": 465}.get(parts.scheme, 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and parts.query == "tls=1",
        "EMAIL_TIMEOUT": 15,
        "DEFAULT_FROM_EMAIL": sender or "daftar@localhost",
    }


def is_command(*names: str) -> bool:
    """Whether one of these Django commands is being run."""
    return len(sys.argv) > 1 and sys.argv[1] in names


ENV = read(os.environ)

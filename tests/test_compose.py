"""compose.yaml and the Dockerfile, as far as they can be proved without an engine: well-formed, pinned, closed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from daftar.config.env import OUTSIDE, Env

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "compose.yaml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = {"prepare", "web", "worker", "commands"}
# Of PostgreSQL's image, of our script in it, of the proxy's file.
THEIRS = {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS", "OWNER_PASSWORD", "APP_PASSWORD", "DOMAIN"}
PYTHONS = {
    "PATH",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "DJANGO_SETTINGS_MODULE",
}


def settings() -> set[str]:
    return {f"DAFTAR_{name.upper()}" for name in Env.__dataclass_fields__ if name not in OUTSIDE.values()} | set(
        OUTSIDE
    )


def services(text: str = TEXT) -> dict[str, dict]:
    return yaml.safe_load(text)["services"]


def unknown_variables(text: str) -> set[str]:
    named = {name for service in services(text).values() for name in service.get("environment", {})}
    return named - settings() - THEIRS


def test_every_variable_it_sets_is_one_that_somebody_reads():
    assert unknown_variables(TEXT) == set()
    assert set(re.findall(r"\b([A-Z_]+)=", DOCKERFILE)) <= settings() | PYTHONS
    for name in ("OWNER_PASSWORD", "APP_PASSWORD"):
        assert f"${name}" in (ROOT / "deploy/roles.sh").read_text()


def test_a_mistyped_variable_would_be_caught():
    assert unknown_variables(TEXT.replace("DAFTAR_HOSTS: ", "DAFTAR_HOST: ")) == {"DAFTAR_HOST"}


def test_every_value_it_takes_from_outside_is_in_the_example():
    taken = set(re.findall(r"\$\{(\w+)", TEXT))
    example = set(re.findall(r"^(\w+)=", (ROOT / "deploy/env.example").read_text(), re.MULTILINE))
    assert taken == example
    secret = {name for name in taken if name.endswith(("PASSWORD", "KEY"))}
    assert all(f"${{{name}:?}}" in TEXT for name in secret), "without its secret nothing starts"
    assert not re.search(r"^\w*(PASSWORD|KEY)=.", (ROOT / "deploy/env.example").read_text(), re.MULTILINE)


def unpinned(names: list[str]) -> list[str]:
    return [name for name in names if not re.search(r":\d+\.\d+[\w.-]*$", name)]


def test_images_are_pinned():
    images = [service["image"] for service in services().values()]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert unpinned(images + bases) == []
    assert len(set(bases)) == 1
    assert unpinned(["postgres:latest", "postgres", "python:3"]) == ["postgres:latest", "postgres", "python:3"]
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert f"daftar:{version}" in images


def test_only_the_proxy_listens_to_others():
    for name, service in services().items():
        for port in service.get("ports", []):
            assert name == "proxy" or port.startswith("127.0.0.1:"), port
    assert services()["proxy"]["profiles"] == ["tls"]


def test_web_and_worker_do_not_know_the_owner():
    for name in ("web", "worker"):
        text = yaml.dump(services()[name])
        assert "DATABASE_APP_URL" in text
        assert "OWNER_PASSWORD" not in text
        assert "DATABASE_URL" not in re.sub("DATABASE_APP_URL", "", text)
        assert "env_file" not in services()[name], "that would hand over every secret"


def test_containers_of_ours_are_closed():
    for name, service in services().items():
        assert service["mem_limit"], name
        assert service["cpus"], name
        assert service["pids_limit"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name in OURS:
            assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001:10001"), name
    assert "USER daftar" in DOCKERFILE
    assert "--uid 10001" in DOCKERFILE


def missing_commands(words: list[list[str]]) -> list[str]:
    """Modules and Django commands that are named and do not exist."""
    found = []
    for line in words:
        module = line[line.index("-m") + 1]
        if importlib.util.find_spec(module) is None:
            found.append(module)
        if module == "django" and not (ROOT / f"daftar/management/commands/{line[-1]}.py").exists():
            found.append(line[-1])
    return found


def test_the_commands_exist():
    lines = [service[key] for service in services().values() for key in ("command", "entrypoint") if key in service]
    assert missing_commands([line for line in lines if "-m" in line]) == []
    assert missing_commands([["python", "-m", "django", "fly"], ["python", "-m", "nothing_of_it"]]) == [
        "fly", "nothing_of_it",
    ]  # fmt: skip
    last = DOCKERFILE.rpartition("CMD [")[2]
    assert "daftar.config.wsgi:application" in last
    assert "/app/daftar/config/server_log.json" in last


@pytest.mark.parametrize("name", ["deploy/roles.sh", "deploy/Caddyfile", "daftar/config/server_log.json"])
def test_the_files_it_brings_exist(name):
    assert (ROOT / name).exists()


def test_the_image_gets_what_it_needs_and_no_secret():
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert {"daftar", "manage.py", "requirements", "pyproject.toml", "package-lock.json", ".npmrc"} <= set(allowed)
    assert [name for name in allowed if not (ROOT / name).exists()] == []
    assert not {".env", ".git", "var", ".venv"} & set(allowed)


def test_health_is_asked_where_it_answers():
    from daftar.config.urls import urlpatterns

    (asked,) = re.findall(r"http://127.0.0.1:8000/([\w/]+)", DOCKERFILE)
    assert asked in {str(route.pattern) for route in urlpatterns}
    assert "127.0.0.1" in re.search(r"^DAFTAR_HOSTS=(.*)", (ROOT / "deploy/env.example").read_text(), re.MULTILINE)[1]

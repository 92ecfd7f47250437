"""Eight clients at once, in a process of their own: python -m daftar.bench.clients."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from daftar.bench.measure import Browser
from daftar.config.supervise import ROOT, surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CLIENTS = 8


def together(
    port: int, cookies: Mapping[str, str], paths: Sequence[str], *, seconds: float
) -> tuple[list[float], float]:
    """How long each request took, in milliseconds, and how many seconds all of them took together."""
    asked = json.dumps({"port": port, "cookies": dict(cookies), "paths": list(paths), "seconds": seconds})
    command = [sys.executable, "-m", "daftar.bench.clients"]
    done = subprocess.run(
        command, input=asked, capture_output=True, text=True, check=True, cwd=ROOT, env=surroundings()
    )
    told = json.loads(done.stdout)
    return told["walls"], told["seconds"]


def main() -> None:
    """Reads what to ask, asks it, writes how long it took."""
    asked = json.load(sys.stdin)
    walls: list[float] = []
    begin, end = time.perf_counter(), time.perf_counter() + asked["seconds"]

    def client(number: int) -> None:
        browser = Browser(asked["port"])
        browser.cookies = dict(asked["cookies"])
        turn = number
        while time.perf_counter() < end:
            began = time.perf_counter()
            status, _text = browser.get(asked["paths"][turn % len(asked["paths"])])
            if status != 200:
                raise RuntimeError(f"answered with {status}")
            walls.append((time.perf_counter() - began) * 1000)
            turn += CLIENTS

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump({"walls": walls, "seconds": time.perf_counter() - begin}, sys.stdout)


if __name__ == "__main__":
    main()

"""The one Django app that owns all tables."""

import gc

from django.apps import AppConfig


class DaftarConfig(AppConfig):
    """Names the app and, once everything is loaded, tells the packages who reacts to what."""

    name = "daftar"
    label = "daftar"

    def ready(self) -> None:
        from daftar.config import reactions  # noqa: PLC0415 - models must be loaded first
        from daftar.lib import among  # noqa: PLC0415 - the same

        reactions.install()
        among.install()
        gc.freeze()  # what is loaded now stays: it is not searched for waste again and again

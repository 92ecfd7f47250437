"""The settings of the calibrators: Django with nothing around a view."""

from daftar.config import settings as usual
from daftar.config.settings import *  # noqa: F403 - a variant of all of them

INSTALLED_APPS = [
    app for app in usual.INSTALLED_APPS if not app.startswith("allauth")
]  # they insist on their middleware
MIDDLEWARE = []
ROOT_URLCONF = "daftar.bench.calibrators"
WSGI_APPLICATION = "daftar.bench.wsgi.application"

"""The settings of the calibrators: Django with next to nothing around a view."""

from daftar.config.settings import *  # noqa: F403 - a variant of all of them

MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]  # its app insists on it; it only passes things on
ROOT_URLCONF = "daftar.bench.calibrators"
WSGI_APPLICATION = "daftar.bench.wsgi.application"

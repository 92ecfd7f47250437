"""Django's settings, made from `config.env`."""

import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from daftar.config.env import ENV, EnvError, database, mail
from daftar.config.logs import worth_saying

ROOT = Path(__file__).resolve().parents[2]

# A command that signs nothing (migrate, check) may run without a key; `up` always gives one.
SECRET_KEY = ENV.secret_key or secrets.token_urlsafe(50)
DEBUG = False
ALLOWED_HOSTS = list(ENV.hosts)

INSTALLED_APPS = [
    "daftar.apps.DaftarConfig",
    "daftar.office",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "daftar.config.middleware.logged",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "daftar.office.account.sessions.last_seen",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "daftar.config.urls"
WSGI_APPLICATION = "daftar.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [ROOT / "daftar" / "office" / "jinja2"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "daftar.office.templating.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "daftar.office.menu.context",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]

# Asked by many at once, a statement is faster done by one process than by three that have to be started for it. What an
# index finds lies in memory or on a disk without a moving arm: it is not four times as far as the next row.
_PLAIN = "-c max_parallel_workers_per_gather=0 -c jit=off -c random_page_cost=1.1"
_OWNER_URL = ENV.database_url or "postgresql:///daftar"
DATABASES: dict[str, Any] = {
    "default": database(
        ENV.database_app_url or _OWNER_URL, options=_PLAIN if ENV.database_app_url else f"-c role=daftar_app {_PLAIN}"
    ),
    "owner": database(_OWNER_URL),
}
# A connection that died with the database is noticed before it is used.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 12, "timeout": 20}
if ENV.testing:
    # One connection per thread is what the test client and its transactions expect.
    del DATABASES["default"]["OPTIONS"]["pool"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "daftar_cache",
        # It counts wrong passwords: after 300 entries, Django's default, anybody could push the counts out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "daftar.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
if ENV.testing:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "daftar.config.accounts.Adapter"
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    # Also counts wrong codes of the second step, by person.
    "login_failed": "20/m/ip,5/5m/key",
    "reauthenticate": "5/5m/user",
    "change_password": "5/5m/user",
    "reset_password": "20/m/ip,5/5m/key",
    "reset_password_from_key": "20/m/ip",
}
ACCOUNT_FORMS = {
    "reset_password": "daftar.office.account.forms.ForgottenForm",
    "reset_password_from_key": "daftar.office.account.forms.NewPasswordForm",
    "change_password": "daftar.office.account.forms.ChangePasswordForm",
}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # of this session; all others end
PASSWORD_RESET_TIMEOUT = 3600
# The one proxy that stands in front where there is TLS says who asks; nobody else is believed.
ALLAUTH_TRUSTED_PROXY_COUNT = int(ENV.https)
MFA_ADAPTER = "daftar.config.accounts.TwoSteps"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a login is made by an invitation, which went to the address
MFA_TOTP_ISSUER = "Daftar"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "daftar.office.account.forms.CodeForm",
    "reauthenticate": "daftar.office.account.forms.CodeAgainForm",
    "activate_totp": "daftar.office.account.forms.FirstCodeForm",
}
globals().update(mail(ENV.smtp_url, ENV.mail_from))
ACCOUNT_LOGOUT_ON_GET = False

SESSION_COOKIE_SECURE = ENV.https
CSRF_COOKIE_SECURE = ENV.https
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = False  # the proxy in front of us does it
SECURE_HSTS_SECONDS = 31536000 if ENV.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENV.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        "worker-src": [SELF],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("uz", "Oʻzbekcha"), ("ru", "Русский"), ("pl", "Polski"), ("it", "Italiano"), ("en", "English")]
LOCALE_PATHS = [ROOT / "daftar" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = None if ENV.testing else ENV.data / "static"
STATICFILES_DIRS = [ROOT / "daftar" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if ENV.testing:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = ENV.testing
# Seven fields for each of the groups that a file may name.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000
MEDIA_ROOT = ENV.data / "files"

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_IMPORT_PATHS = [
    "daftar.attendance.jobs", "daftar.tuition.jobs", "daftar.transfer.jobs", "daftar.orgs.jobs",
    "daftar.office.letters", "daftar.config.demo",
]  # fmt: skip
PROCRASTINATE_ON_APP_READY = None

# `check --deploy` speaks of a site behind TLS; an installation on loopback has none.
SILENCED_SYSTEM_CHECKS = (
    ["security.W004", "security.W008", "security.W012", "security.W016"] if not ENV.https else ["security.W008"]
)

if ENV.log not in {"json", "text"}:
    raise EnvError(f"DAFTAR_LOG must be json or text, not {ENV.log!r}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"worth_saying": {"()": "django.utils.log.CallbackFilter", "callback": worth_saying}},
    "formatters": {"json": {"()": "daftar.config.logs.Json"}, "text": {"()": "daftar.config.logs.Text"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": ENV.log, "filters": ["worth_saying"]},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},  # nothing by mail, nothing twice
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
        "procrastinate": {"level": "INFO"},
        "psycopg": {"level": "WARNING"},
    },
}

SITE_NAME = _("Daftar")

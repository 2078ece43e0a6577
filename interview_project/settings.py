"""Every setting comes from the environment; docs/settings.md explains each. It runs with none of them set."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from interview_project.databases import database
from interview_project.env import (
    env_bool,
    env_int,
    env_list,
    env_setting,
    env_settings,
    env_str,
    secret_from_file,
)
from interviews.conf import InterviewSettings
from speech.conf import SpeechSettings

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env_str("DATA_DIR", str(BASE_DIR / "var"))).resolve()
# It holds what candidates said: others on the machine have no part in it.
DATA_DIR.mkdir(mode=0o750, parents=True, exist_ok=True)

# All that the two apps declare, in interviews/conf.py and speech/conf.py, defaults and bounds included.

globals().update(env_settings(InterviewSettings()), **env_settings(SpeechSettings()))

# Site and security

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_str("SECRET_KEY") or secret_from_file(DATA_DIR / "secret_key")
SITE_URL = env_setting(InterviewSettings.SITE_URL)
_site = urlsplit(SITE_URL)
assert _site.hostname
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]", _site.hostname])
# Exact origins (scheme, host and port) of the pages that may open our sockets.
_port = f":{_site.port}" if _site.port else ""
_loopback = [f"{_site.scheme}://{name}{_port}" for name in ("127.0.0.1", "localhost")]
ALLOWED_ORIGINS = env_list("ALLOWED_ORIGINS", _loopback if SITE_URL in _loopback else [SITE_URL])
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
if env_bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Where a proxy serves the site under a path, that path.
FORCE_SCRIPT_NAME = env_str("ROOT_PATH") or None

_https = _site.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", False)
SECURE_HSTS_SECONDS = env_int("SECURE_HSTS_SECONDS", 0)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Application

INSTALLED_APPS = [
    "interview_project",
    "interviews.apps.InterviewsConfig",
    "speech.apps.SpeechConfig",
    "channels",
    "csp",
    "servestatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "interview_project.middleware.PermissionsPolicyMiddleware",
    "interview_project.middleware.CompressStaticMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
ROOT_URLCONF = "interview_project.urls"
ASGI_APPLICATION = "interview_project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "interviews:lobby"
LOGOUT_REDIRECT_URL = "login"
PASSWORDS_AT_ONCE = env_int("PASSWORDS_AT_ONCE", 1, minimum=1)
# In place of the one whose passwords it reads: of two of one name the last would check them all.
PASSWORD_HASHERS = ["interview_project.hashers.PatientHasher", *global_settings.PASSWORD_HASHERS[1:]]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Data

DATABASES = {
    "default": database(
        env_str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}"),
        test_file=DATA_DIR / "test.sqlite3",
        pool_size=env_int("DATABASE_POOL_SIZE", 10, minimum=2),
        connect_seconds=env_int("DATABASE_CONNECT_SECONDS", 3, minimum=2),
        silence_seconds=env_int("DATABASE_SILENCE_SECONDS", 4, minimum=2),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_str("REDIS_URL")
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {
                "hosts": [
                    {
                        "address": REDIS_URL,
                        # Longer than the layer's own 5 s blocking read, which a shorter one would race.
                        "socket_timeout": env_int("REDIS_TIMEOUT_SECONDS", 15, minimum=6),
                        "socket_connect_timeout": env_int("REDIS_CONNECT_TIMEOUT_SECONDS", 2, minimum=1),
                    }
                ],
                "prefix": "interviews",
                "capacity": 1000,
            },
        }
    }
else:
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
    }

MEDIA_ROOT = Path(env_str("MEDIA_ROOT", str(DATA_DIR / "media")))
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o640, 0o750
# Audio is served by views that ask who wants it, never by address alone.
MEDIA_URL = None
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_MAX_AGE = 0 if DEBUG else env_int("STATIC_MAX_AGE", 60)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "interviews" / "locale"]
TIME_ZONE = env_str("TIME_ZONE", "UTC")
USE_TZ = True

# Mail

# Without a server it is printed where the site runs.
EMAIL_HOST = env_str("EMAIL_HOST")
_smtp, _console = (f"django.core.mail.backends.{name}.EmailBackend" for name in ("smtp", "console"))
EMAIL_BACKEND = env_str("EMAIL_BACKEND", _smtp if EMAIL_HOST else _console)
EMAIL_PORT = env_int("EMAIL_PORT", 25, minimum=1)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = env_bool("EMAIL_USE_SSL", False)
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise ImproperlyConfigured("EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other: set one of them.")
EMAIL_TIMEOUT = env_int("EMAIL_TIMEOUT", 10, minimum=1)
EMAIL_FILE_PATH = env_str("EMAIL_FILE_PATH") or None
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", f"Interviews <no-reply@{_site.hostname}>")

# Speech

_local = {
    "capacity": env_int("SPEECH_CAPACITY", 0, minimum=0) or None,
    "slots_directory": env_str("SPEECH_SLOTS_DIRECTORY") or None,
}
SPEECH_BACKENDS: dict[str, dict[str, Any]] = {
    "moonshine": {"BACKEND": "speech.backends.moonshine.MoonshineBackend", "OPTIONS": _local},
    "pocketsphinx": {"BACKEND": "speech.backends.pocketsphinx.PocketSphinxBackend", "OPTIONS": _local},
    "scripted": {"BACKEND": "speech.backends.scripted.ScriptedBackend"},
}
_azure = {
    "region": env_str("AZURE_SPEECH_REGION"),
    "endpoint": env_str("AZURE_SPEECH_ENDPOINT"),
    "host": env_str("AZURE_SPEECH_HOST"),
    "key": env_str("AZURE_SPEECH_KEY"),
    "token_provider": env_str("AZURE_SPEECH_TOKEN_PROVIDER"),
    "detect_languages": env_list("AZURE_SPEECH_DETECT_LANGUAGES", []),
    "phrases": env_list("AZURE_SPEECH_PHRASES", []),
    "profanity": env_str("AZURE_SPEECH_PROFANITY", "masked"),
    "segmentation_silence_ms": env_int("AZURE_SPEECH_SEGMENTATION_SILENCE_MS", 0) or None,
    "stable_partials": env_int("AZURE_SPEECH_STABLE_PARTIALS", 0) or None,
    "endpoint_id": env_str("AZURE_SPEECH_MODEL_ID"),
    "capacity": env_int("AZURE_SPEECH_CAPACITY", 100, minimum=1),
    "mute_seconds": env_int("AZURE_SPEECH_MUTE_SECONDS", 10, minimum=1),
    "idle_seconds": env_int("AZURE_SPEECH_IDLE_SECONDS", 45, minimum=1),
}
# Whatever says where Azure Speech is, or who we are there, makes it recognise, and Moonshine stand in.
# A key without a place is told by a system check, rather than passed over.
_has_azure = any(_azure[name] for name in ("region", "endpoint", "host", "key", "token_provider"))
if _has_azure:
    SPEECH_BACKENDS["azure"] = {"BACKEND": "speech.backends.azure.AzureBackend", "OPTIONS": _azure}
_backend = env_str("SPEECH_BACKEND", "azure" if _has_azure else "moonshine")
if _backend not in SPEECH_BACKENDS:
    raise ImproperlyConfigured(
        f"SPEECH_BACKEND must be one of {', '.join(SPEECH_BACKENDS)}; it is {_backend!r}."
    )
SPEECH_BACKENDS["default"] = SPEECH_BACKENDS[_backend]
# Each stands in for those before it. What can't run on this machine is passed over.
_stand_ins = {"azure": ["moonshine", "pocketsphinx"], "moonshine": ["pocketsphinx"]}.get(_backend, [])
for _role, _name in zip(("fallback", "last_resort"), _stand_ins, strict=False):
    SPEECH_BACKENDS[_role] = SPEECH_BACKENDS[_name]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"hide_links": {"()": "interview_project.logs.HideLinks"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["hide_links"]},
    },
    # Its news at each start is for its own developers.
    "loggers": {"daphne": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
}

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from interviews.live.worker import Worker


class InterviewsConfig(AppConfig):
    name = "interviews"
    verbose_name = _("Interviews")
    # As the migrations have it, whatever a site's own default is.
    default_auto_field = "django.db.models.BigAutoField"
    # The one thing that a process keeps outside rows and sockets; `get_worker` makes it at its first use.
    worker: Worker | None = None

    def ready(self) -> None:
        from interviews import checks  # noqa: F401, PLC0415  (registers, once the models are there)

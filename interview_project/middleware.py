from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressStaticMiddleware(GZipMiddleware):
    """Only what is the same for everybody: pages hold secrets, and recordings are fetched in parts."""

    def process_response(self, request: HttpRequest, response: Any) -> HttpResponseBase:
        is_whole_file = request.path.startswith(settings.STATIC_URL) and response.status_code == 200
        return super().process_response(request, response) if is_whole_file else response

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

GZIP = 16 + zlib.MAX_WBITS


class PermissionsPolicyMiddleware(MiddlewareMixin):
    """Pages that say nothing themselves need none of what a browser could give them."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


class CompressStaticMiddleware(MiddlewareMixin):
    """Only what is the same for everybody: pages hold secrets, and recordings are fetched in parts.

    Django's own compresses each piece of an asynchronous response by itself, of which browsers read the
    first alone.
    """

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        is_whole_file = request.path.startswith(settings.STATIC_URL) and response.status_code == 200
        if not (is_whole_file and response.streaming):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        if "gzip" not in request.headers.get("Accept-Encoding", "") or "Content-Encoding" in response:
            return response
        whole = response.streaming_content
        response.streaming_content = _compressed_later(whole) if response.is_async else _compressed(whole)
        response["Content-Encoding"] = "gzip"
        del response["Content-Length"]
        if "ETag" in response and not response["ETag"].startswith("W/"):
            response["ETag"] = f"W/{response['ETag']}"
        return response


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=GZIP)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()


async def _compressed_later(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    compressor = zlib.compressobj(wbits=GZIP)
    async for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()

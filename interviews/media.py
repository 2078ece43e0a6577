"""Stored files: over HTTP, whole or in part (RFC 9110, sections 13 and 14), and what there is of them.

Safari plays no audio without ranges, and no player can jump in it; Django's `FileResponse` has none.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import IO, ParamSpec, TypeVar

from django.core.files.storage import Storage
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags

from interviews.database import Lane, run_in

BLOCK_BYTES = 64 * 1024
SINGLE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

P = ParamSpec("P")
T = TypeVar("T")


class RangeNotSatisfiable(Exception):
    """The file has no such bytes."""


async def file_response(request: HttpRequest, file: FieldFile, *, content_type: str) -> HttpResponseBase:
    """The file as a GET or HEAD wants it: 200, 206, 304 or 416. Raises Http404 where it is gone.

    Its name must change whenever its content does. Whether it may be seen is the caller's to ask.
    """
    size = await _size(file)
    etag = f'"{file.name}-{size:x}"'
    response = await _response(request, file, size, etag)
    if response.status_code in {200, 206}:
        response["Content-Type"] = content_type
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    # Asked again each time, so that who lost the right to hear it can't; the tag makes that cheap.
    response["Cache-Control"] = "private, no-cache"
    return response


async def _response(request: HttpRequest, file: FieldFile, size: int, etag: str) -> HttpResponseBase:
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified()
    if request.method == "HEAD":
        return HttpResponse(headers={"Content-Length": str(size)})
    try:
        part = _wanted_part(request, size, etag)
    except RangeNotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if part is None:
        return _stream(file, 0, size, status=200)
    start, stop = part
    response = _stream(file, start, stop, status=206)
    response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return response


def _wanted_part(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    if request.headers.get("If-Range", etag) != etag:
        return None
    return parse_range(request.headers.get("Range", ""), size)


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The first byte of `size` and the one after the last. None means all, as does what isn't understood.

    Raises RangeNotSatisfiable.
    """
    match = SINGLE_RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise RangeNotSatisfiable
    return start, stop


def _stream(file: FieldFile, start: int, stop: int, *, status: int) -> HttpResponseBase:
    return StreamingHttpResponse(
        _blocks(file, start, stop), status=status, headers={"Content-Length": str(stop - start)}
    )


async def _blocks(file: FieldFile, start: int, stop: int) -> AsyncIterator[bytes]:
    assert file.name
    opened = await _in_thread(file.storage.open, file.name)
    try:
        await _in_thread(opened.seek, start)
        while start < stop:
            block = await _in_thread(opened.read, min(BLOCK_BYTES, stop - start))
            if not block:
                return
            start += len(block)
            yield block
    finally:
        opened.close()


async def blocks_of(file: IO[bytes]) -> AsyncIterator[bytes]:
    """All of a file that is open, which is closed then."""
    try:
        while block := await _in_thread(file.read, BLOCK_BYTES):
            yield block
    finally:
        file.close()


async def _size(file: FieldFile) -> int:
    try:
        return await _in_thread(lambda: file.size)
    except FileNotFoundError:
        raise Http404 from None


async def _in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await run_in(Lane.FILES, function)(*args, **kwargs)


# What a storage holds


def files_in(storage: Storage, folder: str) -> list[str]:
    """The names of the files in one of its folders; none where the storage can't tell."""
    return [f"{folder}/{name}" for name in _listed(storage, folder)[1]]


def folders_in(storage: Storage, folder: str) -> list[str]:
    return _listed(storage, folder)[0]


def _listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = storage.listdir(folder)
    except (FileNotFoundError, NotImplementedError):
        return [], []
    return list(folders), list(files)

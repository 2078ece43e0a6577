"""`python -m tests.support.forward ADDRESS PORT SOCKET`: passes what comes there on to a socket."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

BLOCK_BYTES = 64 * 1024


async def main(address: str, port: str, socket: str) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(socket)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(accept, address, int(port))
    await server.serve_forever()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while block := await reader.read(BLOCK_BYTES):
            writer.write(block)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""Providers on a raw socket."""

import asyncio


async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait for the other end to hang up."""
    await reader.read()
    writer.close()

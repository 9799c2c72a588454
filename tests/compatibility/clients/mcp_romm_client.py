"""The tools of mcp-romm against RomM, called as its server calls them. Its settings are its own environment variables."""

import asyncio

import server


async def main() -> None:
    for tool in (server.romm_status, server.romm_whoami, server.romm_platforms, server.romm_devices):
        call = getattr(tool, "fn", tool)
        try:
            said = await call()
        except RuntimeError as error:
            said = f"refused: {error}"
        print(f"{call.__name__}: {' '.join(said.split())}")


asyncio.run(main())

"""`claimcheck mcp`, spoken to by the protocol's own client over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from flows.demo import RELEASE
from tests.warehouse.test_store import claim
from warehouse.home import Home
from warehouse.load import save_claims


async def _ask(home: Path) -> dict[str, Any]:
    from mcp import Client, StdioServerParameters, stdio_client  # a second, which only this test needs

    program = "from flows.cli import main; main()"
    environment = {**os.environ, "CLAIMCHECK_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    parameters = StdioServerParameters(command=sys.executable, args=["-c", program, "mcp"], env=environment)
    async with Client(stdio_client(parameters)) as client:
        listed = await client.list_tools()
        found: dict[str, Any] = {tool.name: tool.annotations for tool in listed.tools}

        async def ask(name: str, **arguments: Any) -> Any:
            answer = await client.call_tool(name, arguments)
            text = answer.content[0].text
            return text if answer.is_error else json.loads(text)

        found["rows"] = await ask("table", outcome="unverified")
        found["one"] = await ask("show", claim="0000000000000001")
        found["planned"] = await ask("plan", release=str(RELEASE))
        found["asked"] = await ask("query", sql="select count(*) as n from claims")
        found["written"] = await ask("query", sql="delete from claims")
        found["nobody"] = await ask("show", claim="ffff")
        return found


def test_four_tools_that_only_read(tmp_path: Path) -> None:
    save_claims(Home(tmp_path), [claim(n) for n in range(3)])
    found = asyncio.run(_ask(tmp_path))
    tools = [name for name in found if name in ("table", "show", "plan", "query")]
    assert len(tools) == 4 and all(found[name].read_only_hint for name in tools)
    assert (found["rows"]["claims"], len(found["rows"]["rows"])) == (3, 3)
    assert found["one"]["row"]["outcome"] == "unverified"
    assert found["planned"]["total"]["runs"] > 0
    assert found["asked"] == {"rows": [{"n": 3}], "of": 1}
    assert "read-only" in found["written"] and "no claim ffff" in found["nobody"]

"""The scenes: what happens to the world while callers call, each waiting for its cue and never for a clock alone."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import asyncpg

from loadtests.demo.claims import Notes, Row
from loadtests.demo.world import World
from proxy.cli.client import Refused, Unreachable

OUTAGE = 5.0
LOOK = 0.25
BY_HAND = {"linkedin": 50.0, "companies": 100.0, "export-download": 100.0}
ENOUGH = 230.0
"""Seconds after which the story ends, wherever it stands: what has not happened by then is told as untrue."""

ROWS = """
SELECT extract(epoch FROM at)::float8 AS at, endpoint, who, kind, percent_from, percent_to,
       coalesce(transition->>'status_to', '') AS status_to, reason
FROM crossfade.audit ORDER BY id
"""


class Story:
    """Plays the scenes side by side; `notes` is what they leave."""

    def __init__(self, world: World, say: Callable[[str], None]) -> None:
        self.world = world
        self.notes = Notes(began=time.time())
        self.status: dict[str, Any] = {"endpoints": []}
        self._say = say
        self._end = time.monotonic() + ENOUGH
        self._changed = asyncio.Event()

    async def play(self) -> None:
        """Returns when every scene is over or the story has had its time."""
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch(), name="watch")
            scenes = [
                group.create_task(scene(), name=scene.__name__)
                for scene in (self._outage, self._defect, self._slow, self._lag, self._operator)
            ]
            await asyncio.wait(scenes)
            await self._until(lambda: self._percent("contact") >= 100.0)
            self.notes.phases = {
                str(one["name"]): (int(one["compared"]), int(one["mismatches"])) for one in self.status["endpoints"]
            }
            watching.cancel()
        self.notes.ended = time.time()

    async def rows(self) -> list[Row]:
        """The audit, oldest first."""
        connection = await asyncpg.connect(self.world.store_dsn)
        try:
            return [Row(**dict(row)) for row in await connection.fetch(ROWS)]
        finally:
            await connection.close()

    # -- looking ------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            if (status := await self.world.status()) is not None:
                self.status = status
            self._changed.set()
            self._changed.clear()
            await asyncio.sleep(LOOK)

    async def _until(self, true: Callable[[], bool]) -> bool:
        """Waits until `true`; False when the story's time is over first."""
        while not true():
            if time.monotonic() > self._end:
                return False
            await asyncio.sleep(LOOK)
        return True

    def _one(self, endpoint: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.status["endpoints"]
        return next((one for one in found if one["name"] == endpoint), {})

    def _percent(self, endpoint: str) -> float:
        return float(self._one(endpoint).get("percent", 0.0))

    # -- scenes -------------------------------------------------------------------------------------------------

    async def _outage(self) -> None:
        """Half-way up, the search service dies under contact and comes back."""
        if not await self._until(lambda: self._percent("contact") >= 50.0):
            return
        await asyncio.sleep(2.0)
        since = time.time()
        self._say("the search service is killed, while it serves half of the contacts")
        await self.world.connectra.kill()
        await asyncio.sleep(OUTAGE)
        await self.world.connectra.start()
        self.notes.outage = (since, time.time())
        self._say("the search service is started again")
        await self._until(self._answers)
        await self._restored()
        self.notes.fallbacks = int(self._one("contact").get("fallbacks", 0))
        await self._until(lambda: self._one("contact").get("status") != "held")

    def _answers(self) -> bool:
        return self.world.connectra.log.read_text(errors="replace").count("listening on") >= 2

    async def _restored(self) -> None:
        await self.world.set_latencies()
        if self.notes.defect_at is not None:
            await self._break_company()

    async def _break_company(self) -> None:
        body = {"endpoint": "company", "field": "employees_count", "action": "wrong", "share": 0.10}
        await self.world.stand_in("PUT", "/lab/fields", body)

    async def _defect(self) -> None:
        """At 5 %, a tenth of the companies begin to have a wrong number."""
        if not await self._until(lambda: self._percent("company") >= 5.0):
            return
        self.notes.defect_at = time.time()
        self._say("company gets a defect: a wrong number in a tenth of the companies")
        await self._break_company()
        await self._until(lambda: self._one("company").get("status") == "held for a person")
        found = await self._ask("/mismatches", endpoint="company", limit=5)
        for one in found.get("mismatches", []):
            paths = " ".join(one.get("paths", []))
            if "employees_count" in paths:
                self.notes.defect = {
                    "path": paths,
                    "fingerprint": str(one["fingerprint"]),
                    "example": str(one.get("example") or ""),
                    "rule": str(one.get("rule") or ""),
                    "hides": str(one.get("hides") or ""),
                }

    async def _slow(self) -> None:
        """company-contacts is slower than allowed: read what the judge says of it once it can say something."""

        def measured() -> bool:
            return bool(self._latency_gate())

        await self._until(measured)
        await self._until(lambda: "slower than that" in self._latency_gate())
        self.notes.slow_gate = self._latency_gate()

    def _latency_gate(self) -> str:
        for gate in self._one("company-contacts").get("gates", []):
            if "latency" in gate["name"] and "p50" in gate["name"] + gate["text"]:
                text = str(gate["text"])
                return text if re.search(r"\d\.\d+ to \d", text) else ""
        return ""

    async def _lag(self) -> None:
        await self._until(lambda: self._percent("company-contacts-count") > 0 and self._lag_p99() is not None)
        await self._until(lambda: self._percent("contact") >= 100.0)
        self.notes.lag_p99 = self._lag_p99()
        self.notes.lagging = int(self._one("company-contacts-count").get("lagging", 0))

    def _lag_p99(self) -> float | None:
        value = self._one("company-contacts-count").get("lag_p99")
        return None if value is None else float(value)

    async def _operator(self) -> None:
        """An edit, the old file again after the rollback, and a broken file."""
        old = self.world.file.read_text()
        if not await self._until(lambda: self._percent("contact") >= 25.0):
            return
        self._say("an operator sets company-contacts to 1 % in rollout.yaml, and takes it back")
        await self._edit("company-contacts", "1")
        await self._until(lambda: self._percent("company-contacts") == 1.0)
        await self._edit("company-contacts", "0", note=False)
        await self._until(lambda: self._percent("company-contacts") == 0.0)
        await self._until(lambda: self._one("company").get("latch") is not None)
        await self._redeploy(old)
        await self._break_file()
        await self._serve_by_hand()

    async def _edit(self, endpoint: str, percent: str, *, note: bool = True) -> None:
        text = self.world.file.read_text()
        found = re.compile(rf"(\n +{endpoint}:\n(?:.*\n)*? +percent: )\S+")
        self.world.file.write_text(found.sub(rf"\g<1>{percent}", text, count=1))
        if note:
            self.notes.edited_at = time.time()

    async def _redeploy(self, old: str) -> None:
        self._say("the old rollout.yaml is deployed again")
        before = len([row for row in await self.rows() if row.kind in ("file order", "acknowledge")])
        loaded = self.status.get("config", {}).get("loaded_at")
        self.world.file.write_text(old)
        await self._until(lambda: self.status.get("config", {}).get("loaded_at") != loaded)
        await asyncio.sleep(2.0)
        after = len([row for row in await self.rows() if row.kind in ("file order", "acknowledge")])
        self.notes.redeployed_at = time.time()
        self.notes.orders_after_redeploy = after - before

    async def _break_file(self) -> None:
        self._say("a broken edit: `percent: fifty`")
        good = self.world.file.read_text()
        self.world.file.write_text(good.replace("percent: ", "percent: fifty # ", 1))
        await self._until(lambda: not self.status.get("config", {}).get("ok", True))
        self.notes.refusal = str(self.status.get("config", {}).get("error") or "")
        self.world.file.write_text(good)
        await self._until(lambda: bool(self.status.get("config", {}).get("ok", False)))

    async def _serve_by_hand(self) -> None:
        """A person takes one endpoint of each further phase up at once: allowed, and shown as bypassed evidence."""
        self._say("a person takes LinkedIn search to 50 %, company lists and export downloads to 100 %")
        for endpoint, percent in BY_HAND.items():
            await self._order(endpoint, percent)
        await self._until(lambda: all(self._served(endpoint) for endpoint in BY_HAND))
        self.notes.by_hand = {endpoint: self._served(endpoint) for endpoint in BY_HAND}

    async def _order(self, endpoint: str, percent: float) -> None:
        body = {"endpoint": endpoint, "percent": percent, "reason": "the demo shows it serving"}
        try:
            await asyncio.to_thread(self.world.control.post, "/set", body)
        except (Unreachable, Refused) as error:
            self._say(f"{endpoint} could not be set: {error}")

    def _served(self, endpoint: str) -> int:
        served: dict[str, int] = self._one(endpoint).get("served", {})
        return int(served.get("candidate", 0)) if self._percent(endpoint) == BY_HAND[endpoint] else 0

    async def activities(self) -> int:
        """LinkedIn searches that legacy's database knows of: each is one activity, and one credit."""
        connection = await asyncpg.connect(self.world.lab_dsn)
        try:
            query = "SELECT count(*) FROM user_activities WHERE service_type = 'linkedin' AND status = 'success'"
            return int(await connection.fetchval(query))
        finally:
            await connection.close()

    async def _ask(self, path: str, **query: str | int) -> dict[str, Any]:
        try:
            return dict(await asyncio.to_thread(lambda: self.world.control.get(path, **query)))
        except (Unreachable, Refused) as error:
            self._say(f"{path}: {error}")
            return {}

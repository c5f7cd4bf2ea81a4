"""`python -m loadtests.micro.gateway`: what the gateway costs, beside the same through the reference legacy API.

Each question is asked again and again, by one client and by eight at once, of both sides in turns; the figures are
medians over the turns. CPU is user and system time of the one process that answers, in milliseconds a request. What
legacy leaves to PostgreSQL, and the gateway to Connectra, is not in it; the stand-in's CPU is shown for information.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import aiohttp
import orjson
from yarl import URL

from loadtests.replay.asking import HOST, Sides
from loadtests.replay.questions import Data, Question
from loadtests.replay.world import Sizes, world

PAGE = 100
"""Contacts of the page: more do not come in one answer of Connectra."""
SIZES = Sizes(companies=200, contacts=20_000, exported=0)
"""So that a company has about PAGE contacts."""
SIDES = ("gateway", "legacy")
STAND_IN = "connectra"
WARM = 30
"""Requests of a side before a question is measured."""


class Unanswered(Exception):
    """A side gave another answer than the one whose cost is to be known; the text says which."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Some seconds of one question: each answer's latency, and CPU by process; all in seconds."""

    latencies: Sequence[float]
    cpu: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """One question. `coding` is what the client accepts; most accept gzip."""

    name: str
    question: Question
    coding: str = "gzip"


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over a side's turns, in milliseconds; CPU a request."""

    p50: float
    p95: float
    cpu: float
    stand_in: float


@dataclass(slots=True)
class Measured:
    """The turns of one case with so many clients."""

    case: str
    clients: int
    turns: dict[str, list[Turn]] = field(default_factory=lambda: {name: [] for name in SIDES})


def main() -> int:
    """Exit 1 when a side does not answer."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.micro.gateway", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8], help="how many ask at once")
    parser.add_argument("--only", help="the cases whose names contain this")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crossfade-gateway-"))
    try:
        asyncio.run(_measure(given, folder))
    except Unanswered as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


async def _measure(given: argparse.Namespace, folder: Path) -> None:
    async with world(folder, SIZES, lambda text: print(text, file=sys.stderr, flush=True)) as (sides, data):
        print("\n".join(HEAD), flush=True)
        for case in cases(data):
            if given.only and given.only not in case.name:
                continue
            for name in SIDES:
                await _turn(sides, name, case, 1, requests=WARM)
            for clients in given.clients:
                found = Measured(case.name, clients)
                for at in range(2 * given.rounds):
                    name = SIDES[at % 2]
                    found.turns[name].append(await _turn(sides, name, case, clients, seconds=given.seconds))
                print(line(found), flush=True)


def cases(data: Data) -> Iterator[Case]:
    """What is asked. Raises ValueError for data without a company of a page of contacts."""
    firm = page_of(data)
    person = next(row for row in data.contacts if row["company_id"] == firm and _searchable(row))
    contacts = f"/api/v1/companies/company/{firm}/contacts/"
    contact = Question("contact", "GET", f"/api/v1/contacts/{person['uuid']}/")
    page = Question("company-contacts", "GET", f"{contacts}?limit={PAGE}")
    yield Case("one contact", contact)
    yield Case("one contact, not compressed", contact, "identity")
    yield Case("one company", Question("company", "GET", f"/api/v1/companies/{firm}/"))
    yield Case("page of a company's contacts", page)
    yield Case("page, not compressed", page, "identity")
    yield Case("count of a company's contacts", Question("company-contacts-count", "GET", f"{contacts}count/"))
    body = orjson.dumps({"url": person["linkedin_url"]})
    yield Case("LinkedIn address of one person", Question("linkedin", "POST", "/api/v2/linkedin/", body))


def _searchable(row: Mapping[str, Any]) -> bool:
    """Whether the address is of one person alone and holds no wildcard."""
    url = str(row.get("linkedin_url") or "")
    return url.startswith("https://www.linkedin.com/in/") and url[-6:].isdigit() and "_" not in url


def page_of(data: Data) -> str:
    """The company with the most contacts that fit one page. Raises ValueError when it has less than nine tenths."""
    sizes: dict[str, int] = {}
    for row in data.contacts:
        sizes[row["company_id"]] = sizes.get(row["company_id"], 0) + 1
    fitting = {str(row["uuid"]): sizes.get(row["uuid"], 0) for row in data.companies}
    size, uuid = max(((size, uuid) for uuid, size in fitting.items() if size <= PAGE), default=(0, ""))
    if size < 0.9 * PAGE:
        raise ValueError(f"no company has {PAGE} contacts or a few less: the most that fit one page are {size}")
    return uuid


async def _turn(
    sides: Sides, name: str, case: Case, clients: int, *, seconds: float = 0.0, requests: int = 0
) -> Turn:
    """One side, asked by `clients` for so many seconds and at least so often by each. Raises Unanswered."""
    base = sides.gateway if name == "gateway" else sides.legacy
    fields = {"Authorization": f"Bearer {sides.token}", "Host": HOST, "Accept-Encoding": case.coding}
    if case.question.body is not None:
        fields["Content-Type"] = "application/json"
    if name == "gateway":
        fields |= sides.fields
    url, latencies = URL(base + case.question.target, encoded=True), list[float]()

    async def ask(session: aiohttp.ClientSession, until: float) -> None:
        asked = 0
        while asked < requests or perf_counter() < until:
            began = perf_counter()
            async with session.request(case.question.method, url, data=case.question.body) as answer:
                await answer.read()
            latencies.append(perf_counter() - began)
            asked += 1
            if answer.status != 200:
                raise Unanswered(f"{case.name}: {name} answered {answer.status} {answer.headers}")

    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(connector=connector, headers=fields, auto_decompress=False) as session:
        before = _cpu(sides)
        until = perf_counter() + seconds
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(ask(session, until), name="asking")
        after = _cpu(sides)
    return Turn(latencies, {process: after[process] - before[process] for process in before})


def _cpu(sides: Sides) -> dict[str, float]:
    tick = 1.0 / os.sysconf("SC_CLK_TCK")
    return {name: tick * ticks(Path(f"/proc/{pid}/stat").read_text()) for name, pid in sides.pids.items()}


def ticks(stat: str) -> int:
    """User and system time out of a process's `stat`, in clock ticks. A name may hold spaces and brackets."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def cost(turns: Sequence[Turn], side: str) -> Cost:
    """Medians over a side's turns. The stand-in's CPU is its own, a request of this side."""
    return Cost(
        p50=1e3 * median(median(one.latencies) for one in turns),
        p95=1e3 * median(p95(one.latencies) for one in turns),
        cpu=1e3 * median(one.cpu[side] / len(one.latencies) for one in turns),
        stand_in=1e3 * median(one.cpu[STAND_IN] / len(one.latencies) for one in turns),
    )


def p95(values: Sequence[float]) -> float:
    """Of one value that value."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


HEAD = (
    "| question | clients | gateway CPU | legacy CPU | ratio | gateway p50 / p95 | legacy p50 / p95 | stand-in CPU |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)
"""All in milliseconds."""


def line(found: Measured) -> str:
    """One line of the table; the ratio is that of the CPU."""
    gateway, legacy = (cost(found.turns[name], name) for name in SIDES)
    ratio = f"{gateway.cpu / legacy.cpu:.2f}" if legacy.cpu else "–"
    return (
        f"| {found.case} | {found.clients} | {gateway.cpu:.2f} | {legacy.cpu:.2f} | {ratio} "
        f"| {gateway.p50:.2f} / {gateway.p95:.2f} | {legacy.p50:.2f} / {legacy.p95:.2f} | {gateway.stand_in:.2f} |"
    )


if __name__ == "__main__":
    sys.exit(main())

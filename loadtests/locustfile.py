"""The contract's traffic for Locust: hot and cold keys, reads and some writes. Started by `loadtests.run`, or by hand:

    CROSSFADE_MATERIAL=material.json CROSSFADE_SAMPLES=out.jsonl locust -f loadtests/locustfile.py --host http://…

Every request is one line of the samples: [name, seconds, status]. `material.json` has contacts, companies, linkedin
and tokens (lists of text), and `write` (whether the lab's writes exist at this host).
"""

from __future__ import annotations

import itertools
import json
import os
import random
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant_throughput, events, task

MATERIAL: dict[str, Any] = json.loads(Path(os.environ["CROSSFADE_MATERIAL"]).read_text())
RATE = float(os.environ.get("CROSSFADE_RATE_PER_USER", "2"))
HOT = 100
"""Keys of the hot set; HOT_SHARE of the requests ask for one of them."""
HOT_SHARE = 0.2
_samples = Path(os.environ["CROSSFADE_SAMPLES"]).open("a", buffering=1 << 16)  # noqa: SIM115 - lives as long as the run
_tokens = itertools.cycle(MATERIAL["tokens"])


@events.request.add_listener  # type: ignore[untyped-decorator]  # Locust has no types
def _note(
    name: str, response_time: float, response: Any = None, exception: Exception | None = None, **_rest: Any
) -> None:
    status = 0 if exception is not None or response is None else response.status_code
    _samples.write(json.dumps([name, response_time / 1000.0, status]) + "\n")


@events.quitting.add_listener  # type: ignore[untyped-decorator]  # Locust has no types
def _finish(**_rest: Any) -> None:
    _samples.close()


def pick(kind: str) -> str:
    """A key, hot or cold."""
    keys: list[str] = MATERIAL[kind]
    return random.choice(keys[:HOT] if random.random() < HOT_SHARE else keys)


class Caller(FastHttpUser):
    """One caller with a token of its own."""

    wait_time = constant_throughput(RATE)
    connection_timeout = 10.0
    network_timeout = 10.0

    def on_start(self) -> None:
        self.headers = {"Authorization": f"Bearer {next(_tokens)}"}

    @task(8)
    def contact(self) -> None:
        self.client.get(f"/api/v1/contacts/{pick('contacts')}/", name="contact", headers=self.headers)

    @task(4)
    def company(self) -> None:
        self.client.get(f"/api/v1/companies/{pick('companies')}/", name="company", headers=self.headers)

    @task(4)
    def company_contacts(self) -> None:
        path = f"/api/v1/companies/company/{pick('companies')}/contacts/?limit=25"
        self.client.get(path, name="company-contacts", headers=self.headers)

    @task(4)
    def count(self) -> None:
        path = f"/api/v1/companies/company/{pick('companies')}/contacts/count/"
        self.client.get(path, name="company-contacts-count", headers=self.headers)

    @task(1)
    def write(self) -> None:
        if MATERIAL["write"]:
            person = {"first_name": "Load", "last_name": "Newcomer", "email": "load@lab.example"}
            path = f"/lab/companies/{pick('companies')}/contacts/"
            self.client.post(path, name="write", json=person, headers=self.headers)

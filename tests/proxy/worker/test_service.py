"""The worker's lease, whatever its clock does."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from proxy.worker import service
from tests.support.bad_input import GOOD, OWN_WORDS, SERVED, read, stage


async def test_a_clock_that_was_set_back_does_not_lengthen_the_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(SERVED, tmp_path) as ready:
        lease = ready.service.table().lease
        monkeypatch.setattr(service, "monotonic", lambda: monotonic() + lease + 1.0)
        assert (await ready.ask(GOOD.encode())).told == read(OWN_WORDS).told

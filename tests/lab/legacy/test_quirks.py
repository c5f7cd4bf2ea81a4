from __future__ import annotations

import pytest

from lab.legacy.quirks import DEFAULT, Quirk, UnknownQuirk, choose


def test_a_defect_is_switched_by_its_public_name_in_any_case() -> None:
    assert Quirk.COMPANY_UUIDS_FAIL in choose(["lq-06"])


def test_a_defect_kept_by_default_can_be_mended() -> None:
    assert Quirk.LIMIT_NONE not in choose(off=["LQ-04"])


def test_naming_none_leaves_the_defaults() -> None:
    assert choose() == DEFAULT


def test_an_unknown_name_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UnknownQuirk, match="no quirk is called 'LQ-99'; there are LQ-01, "):
        choose(["LQ-99"])

"""The demo's rollout.yaml: the shipped file with the overlay laid over it, key by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).parents[2] / "rollout.yaml"
OVERLAY = Path(__file__).with_name("overlay.yaml")


def laid_over(base: Any, over: Any) -> Any:
    """`over` wins; mappings are merged key by key, everything else is replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {key: laid_over(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return over


TOLD_OF = ("contact", "company", "company-contacts", "company-contacts-count", "linkedin")
"""Endpoints that the story has move side by side."""


def demo_file(bake: str = "6s") -> str:
    """The text. Flags are left out, and the endpoints of the story stand in one phase: they move side by side.

    The others stay in their phases behind it: compared all along, and waiting.
    """
    merged = laid_over(yaml.safe_load(SHIPPED.read_text()), yaml.safe_load(OVERLAY.read_text()))
    endpoints = {name: one for phase in merged["phases"] for name, one in phase["endpoints"].items()}
    first = {"name": "story", "bake": bake, "endpoints": {name: endpoints[name] for name in TOLD_OF}}
    others = [
        {"name": phase["name"], "bake": bake, "endpoints": rest}
        for phase in merged["phases"]
        if (rest := {name: one for name, one in phase["endpoints"].items() if name not in TOLD_OF})
    ]
    merged["phases"] = [first, *others]
    merged.pop("flags_file", None)
    return yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=120)

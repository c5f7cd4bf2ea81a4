"""docs/judging.md and the table of transitions: `python -m tests.support.judging` writes the diagram anew."""

from __future__ import annotations

import re
from pathlib import Path

from rollout.diagram import event_table, state_diagram
from rollout.machine import TABLE

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "judging.md"
GENERATED = re.compile(r"(<!-- generated from rollout.machine.TABLE -->\n).*?(<!-- end -->)", re.DOTALL)


def generated() -> str:
    """What stands between the marks."""
    return f"```mermaid\n{state_diagram(TABLE)}\n```\n\n{event_table(TABLE)}\n"


def main() -> None:
    """Replaces it."""
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(GENERATED.sub(lambda found: found[1] + generated() + found[2], text))


if __name__ == "__main__":
    main()

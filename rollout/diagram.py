"""The table of transitions as text for people: a Mermaid diagram and what each event does where."""

from __future__ import annotations

from collections.abc import Mapping

from rollout.machine import Rule
from rollout.states import EventKind, Status

Table = Mapping[tuple[Status, EventKind], Rule]


def state_diagram(table: Table) -> str:
    """The diagram: one arrow for each pair of statuses, with the events that lead from one to the other."""
    arrows: dict[tuple[Status, Status], list[str]] = {}
    for (status, kind), rule in table.items():
        for to in rule.to:
            if to is not status:
                arrows.setdefault((status, to), []).append(kind.value.replace(":", ""))
    lines = ["stateDiagram-v2", *(f'    state "{one.value}" as {one.name}' for one in Status)]
    lines.append(f"    [*] --> {Status.SHADOWING.name}")
    lines += [
        f"    {source.name} --> {to.name}: {', '.join(sorted(arrows[source, to]))}"
        for source in Status
        for to in Status
        if (source, to) in arrows
    ]
    return "\n".join(lines)


def event_table(table: Table) -> str:
    """A Markdown table: for each event (rows) in each status (columns) the statuses that it may lead to."""
    lines = ["| event | " + " | ".join(status.value for status in Status) + " |", "| --- |" + " --- |" * len(Status)]
    for kind in EventKind:
        cells = []
        for status in Status:
            rule = table.get((status, kind))
            cells.append("refused" if rule is None else _cell(status, rule))
        lines.append(f"| {kind.value} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(status: Status, rule: Rule) -> str:
    return ", ".join("stays" if to is status else to.value for to in rule.to)

"""What the Runs page reads of attention and gates over a cohort. A pure function; ids, names and titles go out as text."""

from __future__ import annotations

from typing import Any

from divine.services import browse
from divine.services.interpret import Overview
from ui.session_wire import number


def overview(found: Overview, task: str) -> dict[str, Any]:
    """Put what a run looked at into the shape that the page draws: numbers hold a value per clip, groups name their clips."""
    groups = found.groups
    clips = [
        [browse.key_of(*place.person, place.clip), place.person.subject, place.person.group, code]
        for place, code in zip(groups.places, groups.tasks, strict=True)
    ]
    return {
        "tasks": [{"task": code, "clips": count} for code, count in found.tasks],
        "task": task if any(code == task for code, _ in found.tasks) else "",
        "tested": found.tested,
        "against": found.against,
        "clips": clips,
        "groups": [
            {"id": one.id, "title": one.title, "clips": len(one.members), "subjects": one.subjects, "members": one.members}
            for one in groups.groups
        ],
        "numbers": [
            {
                "kind": one.kind,
                "name": one.name,
                "values": [number(float(value)) for value in one.values],
                "sentence": sentence,
                "spreads": [
                    {
                        "group": spread.group,
                        "middle": number(spread.middle),
                        "quartiles": spread.quartiles and [number(value) for value in spread.quartiles],
                        "where": where,
                    }
                    for spread, where in zip(one.spreads, places, strict=True)
                ],
            }
            for one, sentence, places in zip(groups.numbers, found.sentences, found.where, strict=True)
        ],
        "attention_means": found.attention_means,
        "gates_mean": found.gates_mean,
    }

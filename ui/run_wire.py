"""What the Runs page reads of attention, gates and removal over a cohort. Pure functions; names and titles are text."""

from __future__ import annotations

from typing import Any

from divine.services import browse
from divine.services.interpret import Followed, Overview
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


def followed(told: Followed) -> dict[str, Any]:
    """Put gates beside removal into the shape that the page draws: numbers hold a value per clip."""
    found = told.found
    if told.why:
        return {"why": told.why, "left_out": found.left_out, "clips": [], "senses": [], "means": []}
    return {
        "why": "",
        "left_out": found.left_out,
        "subjects": found.subjects,
        "followed": found.followed,
        "clips": [
            [browse.key_of(*place.person, place.clip), place.person.subject, place.person.group, code]
            for place, code in zip(found.places, found.tasks, strict=True)
        ],
        "senses": [
            {
                "name": one.modality,
                "gates": [number(float(value)) for value in one.gates],
                "lost": [number(float(value)) for value in one.lost],
                "rank": {name: number(value) for name, value in one.rank._asdict().items()},
                "apart": [apart._asdict() for apart in one.apart],
                "sentence": sentence,
            }
            for one, sentence in zip(found.senses, told.sentences, strict=True)
        ],
        "means": [
            {
                "title": one.group.title,
                "clips": len(one.group.members),
                "subjects": one.group.subjects,
                "given": [
                    {"modalities": sorted(subset, reverse=True), "probability": number(value)}
                    for subset, value in one.given.items()
                ],
                "lost": {name: number(value) for name, value in one.lost.items()},
                "adds": {name: number(value) for name, value in one.adds.items()},
            }
            for one in found.means
        ],
    }

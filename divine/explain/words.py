"""What the numbers mean, in sentences that say no more than the numbers do."""

from __future__ import annotations

from collections.abc import Mapping

from divine.explain.gate_removal import Rank
from divine.explain.reference import LEAST, Placed
from divine.explain.removal import Removal
from divine.records import Modality

GROUPS = {"HC": "healthy control"}
"""Names of groups that a dataset writes as codes; any other is read as it is written."""
SENSES: dict[Modality, str] = {"video": "face", "audio": "voice"}
ATTENTION_MEANS = (
    "How the model shares its weight between the symptom tokens: it sums to 100 % and says where the model looks, "
    "not how severe a symptom is."
)
GATES_MEAN = (
    "How far each modality is let through, from 0 (shut) to 1 (open): it says how much passes, "
    "not how much it changes the answer. For that, see what each modality adds."
)
NO_GATES = "This system has no gates to set beside removal."
NOT_BOTH = "No clip was judged with face and voice and with each alone, so nothing can be taken away."
NO_DIAGNOSIS = "This run learned severity only: it has no probability of a diagnosis that a modality could add to."
CLOSE = 0.1
"""Shares nearer to each other than this are called equal: which of them is larger is noise."""
CLEAR = 0.5
"""A rank correlation below this is called weak: the one order holds less than a quarter of the other's variance."""


def plain(name: str) -> str:
    """Write a token's or an item's name as people read it."""
    return name.replace("_", " ")


def among(placed: Placed, title: str) -> str:
    """Say where a value stands among the others."""
    count = len(placed.others)
    if not count:
        return "There is nobody to compare it with."
    if placed.quartiles is None:
        return f"Only {count} of {title} did this task: too few to compare with."
    low, _, high = placed.quartiles
    where = "below" if placed.value < low else "above" if placed.value > high else "within"
    return f"{where.capitalize()} the middle half of {title}, and higher than {placed.below} of {count}."


def beside(middle: float | None, reference: tuple[float, float, float] | None) -> str:
    """Say where the median of a group stands beside the middle half of a reference group: below, within or above it."""
    if middle is None or reference is None:
        return ""
    return "below" if middle < reference[0] else "above" if middle > reference[2] else "within"


def apart(where: Mapping[str, str], title: str, known: int, medians: str) -> str:
    """Say which groups' medians leave the middle half of the reference group, and how far all medians are apart.

    Args:
        where: by a group's title, ``beside``.
        title: of the reference group.
        known: how many of its clips have the number.
        medians: from which to which, as people read them.
    """
    if not any(where.values()):
        return f"Only {known} {'clip' if known == 1 else 'clips'} of {title}: too few to compare with."
    said = []
    for side in ("above", "below"):
        names = [name for name, place in where.items() if place == side]
        if names:
            listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
            said.append(f"{listed} {'lie' if len(names) > 1 else 'lies'} {side}")
    if not said:
        return f"No group's median leaves the middle half of {title}; medians run from {medians}."
    return f"By the median, {' and '.join(said)} the middle half of {title}; medians run from {medians}."


def span(kind: str, low: float, high: float) -> str:
    """Write from which value to which attention (in percent) or a gate runs."""
    return f"{100 * low:.1f} to {100 * high:.1f} %" if kind == "attention" else f"{low:.3f} to {high:.3f}"


def attention(placed: Placed, title: str) -> str:
    """Say what the attention to one token means."""
    share = f"{100 * placed.value:.1f} % of the weight that the model gives its symptoms"
    return f"{share} is on {plain(placed.name)}. {among(placed, title)}"


def gate(name: Modality, placed: Placed, title: str) -> str:
    """Say what a gate means."""
    sense = SENSES[name]
    return f"The gate of the {sense} stands at {placed.value:.2f}, the mean over its dimensions. {among(placed, title)}"


def compare(gates: Mapping[Modality, float], found: Removal, classes: tuple[str, ...]) -> str:
    """Say whether the gates and the removal name the same modality."""
    name = GROUPS.get(classes[found.of], classes[found.of])
    worth: dict[Modality, float] = {one.modality: one.probability for one in found.contributions}
    if len(worth) < 2:
        (only,) = worth
        return f"Only the {SENSES[only]} was used: it moves the probability of {name} by {_points(worth[only])}."
    moves = " and ".join(f"the {SENSES[m]} moves it by {_points(worth[m])}" for m in reversed(worth))
    told = f"Against knowing nothing, {moves} towards the probability of {name}."
    if set(worth) - set(gates):
        return f"{told} This system has no gates."
    leader = _leader({m: abs(value) for m, value in worth.items()})
    opener = _leader({m: gates[m] for m in worth})
    if leader is None or opener is None:
        missing = "the modalities contribute about equally" if leader is None else "the gates are about equally open"
        return f"{told} Here {missing}, so the two views have nothing to disagree on."
    if leader == opener:
        return f"{told} The {SENSES[leader]} has the wider gate too: the two views agree."
    return f"{told} Yet the {SENSES[opener]} has the wider gate: the two views disagree, and only removal asks the model."


def follows(modality: Modality, rank: Rank, clips: int, subjects: int, *, shut: bool) -> str:
    """Say whether the gate of a modality follows what taking the modality away does, over a cohort.

    Args:
        modality: which.
        rank: of its gate with what the true diagnosis loses without it.
        clips: how many.
        subjects: whose clips they are.
        shut: whether the gate is the same on every clip.
    """
    sense = SENSES[modality]
    if subjects < LEAST:
        return f"Only {subjects} {'subject has' if subjects == 1 else 'subjects have'} face and voice: too few to compare."
    if shut:
        return f"The gate of the {sense} is the same on every clip: it cannot follow what removing the {sense} does."
    if rank.rho != rank.rho:
        return f"Removing the {sense} changes the true diagnosis alike on every clip: there is nothing for a gate to follow."
    pair, where = f"The gate and what removing the {sense} really changes", f"over these {clips} clips of {subjects} subjects"
    known = f"(rank correlation {_signed(rank.rho)}, 95 % interval {_signed(rank.low)} to {_signed(rank.high)})"
    loses = f"the true diagnosis loses more without the {sense}"
    if rank.low > 0 and rank.rho >= CLEAR:
        return f"{pair} agree {where}: where the gate is wider, {loses} {known}."
    if rank.low > 0:
        return f"{pair} agree only weakly {where}: a wider gate goes with a little more loss, with many exceptions {known}."
    if rank.high < 0:
        return f"{pair} contradict each other {where}: where the gate is wider, the true diagnosis loses less {known}."
    return f"{pair} do not agree {where}: a wider gate does not mean that {loses} {known}."


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def _leader(sizes: dict[Modality, float]) -> Modality | None:
    """Return the modality with the larger share, None where the shares are close."""
    total = sum(sizes.values())
    first, second = sorted(sizes, key=lambda m: sizes[m], reverse=True)
    return None if total == 0 or (sizes[first] - sizes[second]) / total < CLOSE else first


def _points(value: float) -> str:
    return f"{100 * value:+.1f} points".replace("-", "\N{MINUS SIGN}")

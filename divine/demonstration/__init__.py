"""What the studio opens with, all of it SYNTHETIC: a cohort, a run on it, a checkpoint and an example recording.

``python -m divine.demonstration`` remakes everything from nothing. It shows that the software works and says nothing about
patients.
"""

from divine.config import ASSETS

COHORT = ASSETS / "demonstration"
"""A small cohort in Toronto NeuroFace's layout, of other people than those that the checkpoint was trained on."""
QUALITY = ASSETS / "demonstration_quality.json"
"""Whether each of its recordings is fit to be judged (``divine.data.judged``)."""
RUN = ASSETS / "demonstration_run"
"""A run on it: everything but the members' weights."""

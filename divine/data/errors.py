"""The one family of errors of the data room; each message names the file or the subject, and the remedy."""

from __future__ import annotations

from divine.records import DivineError


class DataError(DivineError):
    """A dataset, or a file of it, cannot be used at all; what can be left out becomes a ``Problem`` instead."""


class SplitError(DataError):
    """A cohort cannot be divided as asked, or a stored split is not of this cohort."""


class LeakError(SplitError):
    """A subject stands on two sides of a split: results would be worth nothing, so nothing runs."""

"""The worker of one job, ``python -m divine.services.worker FOLDER LOCK``: started by the queue, which hands it the lock."""

from __future__ import annotations

import sys
from pathlib import Path

from divine.jobs.folder import JobFolder
from divine.jobs.work import work
from divine.services.jobs import carry_out

if __name__ == "__main__":
    work(JobFolder(Path(sys.argv[1])), int(sys.argv[2]), carry_out)

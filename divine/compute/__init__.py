"""One seam for parallel work: threads here, processes here, or a Dask cluster by its address.

The same function over the same items on each; outcomes come in the order in which they are finished. What a call raises on
purpose (a ``DivineError``) is the outcome of its item; any other exception is a defect, which stops the rest and is raised.
A worker that dies gives its item back to the others; an item whose workers die time and again fails, and only it.
"""

from __future__ import annotations

import os

from divine.compute.workers import ComputeError, Done, Workers

__all__ = ["ComputeError", "Done", "Workers", "cluster", "cores", "in_process", "processes"]


def in_process(count: int | None = None) -> Workers:
    """Return threads of this process, as many as there are cores by default: for work that happens in children, or in C."""
    from divine.compute.threads import Threads

    return Threads(count or cores())


def processes(count: int | None = None) -> Workers:
    """Return processes of this machine, as many as there are cores by default, the cores shared out among them."""
    from divine.compute.spawned import Processes

    return Processes(count or cores(), threads=max(1, cores() // (count or cores())))


def cluster(address: str) -> Workers:
    """Return the workers of the Dask cluster whose scheduler listens at ``address``, such as ``tcp://node1:8786``."""
    from divine.compute.dask_cluster import Cluster

    return Cluster(address)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

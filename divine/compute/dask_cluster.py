"""Workers of a Dask cluster that somebody else has started: reached by its address, checked, never started or ended here.

Workers must run this very code, and reach the data and ``DIVINE_HOME`` by the same paths, as on a cluster with a shared
file system; ``docs/cluster.md`` says how to start one. Dask hands functions and items over by pickle, so whoever reaches
the scheduler can run code on the workers.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from divine.compute.workers import TRIES, ComputeError, Done, Item, Result, attempt, lost
from divine.config import PROJECT, home
from divine.records import DivineError

if TYPE_CHECKING:
    from distributed import Client

ANSWER_S, JOIN_S = 10, 60
"""Patience with a scheduler, and for the first worker to join it."""
IN_HAND = 64
"""Items that the scheduler holds at least, so that workers never wait for us."""


class Here(NamedTuple):
    """What a worker says of itself."""

    code: str
    home: str
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class Cluster:
    """The cluster whose scheduler listens at an address."""

    address: str

    def check(self, paths: Sequence[Path]) -> None:
        token = home() / f".cluster-{secrets.token_hex(8)}"
        token.touch()
        try:
            with self._client() as client:
                found = self._ask(client, [str(path.resolve()) for path in paths], token.name)
        finally:
            token.unlink()
        for worker, here in found.items():
            self._judge(worker, here)

    def _ask(self, client: Client, paths: list[str], token: str) -> dict[str, Here]:
        try:
            client.wait_for_workers(1, timeout=JOIN_S)
        except TimeoutError as error:
            raise ComputeError(
                f"{self.address}: no worker joined this Dask cluster within {JOIN_S} s. Start some: docs/cluster.md says how."
            ) from error
        try:
            found: Any = client.run(_here, paths, token)
        except Exception as error:  # Dask tells of an import that failed in a bare Exception
            raise ComputeError(
                f"{self.address}: a worker cannot import DIVINE as it is here ({error}). Start workers from an environment "
                "with this version of it, as docs/cluster.md says."
            ) from error
        return found

    def _judge(self, worker: str, here: Here) -> None:
        if here.code != code_digest():
            raise ComputeError(
                f"{self.address}: worker {worker} runs another version of DIVINE (code {here.code[:8]}, here "
                f"{code_digest()[:8]}), which may make other features. Bring the same version to every worker."
            )
        if here.unseen:
            raise ComputeError(
                f"{self.address}: worker {worker} does not see {', '.join(here.unseen[:3])}. Put data and DIVINE_HOME on a "
                f"file system that this machine and all workers share, under the same path, and start workers with DIVINE_HOME"
                f"={home().resolve()} (this one has {here.home})."
            )

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Done[Item, Result]]:
        from distributed import CancelledError, as_completed
        from distributed.scheduler import KilledWorker

        waiting = iter(items)
        with self._client() as client:
            call: Any = partial(_checked, code_digest(), function)
            threads: Any = client.nthreads()
            futures: dict[Any, tuple[Item, int]] = {}
            finished: Any = as_completed(loop=client.loop)

            def submit(item: Item, tries: int) -> None:
                futures[future := client.submit(call, item, pure=False)] = (item, tries)
                finished.add(future)

            for item in islice(waiting, max(IN_HAND, 2 * sum(threads.values()))):
                submit(item, 1)
            try:
                for future in finished:
                    item, tries = futures.pop(future)
                    try:
                        outcome = future.result()
                    except KilledWorker:
                        # A worker that dies taints all that it had in hand: the innocent are given another chance.
                        if tries < TRIES:
                            submit(item, tries + 1)
                            continue
                        outcome = lost(item)
                    for another in islice(waiting, 1):
                        submit(another, 1)
                    yield Done(item, outcome)
            except (CancelledError, OSError) as error:
                raise ComputeError(
                    f"{self.address}: the connection to the Dask cluster was lost. What was finished is kept: run it again."
                ) from error
            finally:
                with contextlib.suppress(Exception):  # it is gone, and what brought us here says so
                    client.cancel(list(futures))

    @contextlib.contextmanager
    def _client(self) -> Iterator[Client]:
        from distributed import Client
        from distributed.utils import LoopRunner

        try:
            # A client that fails to connect cannot be closed, and says so 20 s later: so none is made where nobody answers.
            LoopRunner(asynchronous=False).run_sync(_knock, self.address)
            client = Client(self.address, timeout=ANSWER_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ComputeError(
                f"{self.address}: no Dask scheduler answers there. Give the address that `dask scheduler` printed, such as "
                "tcp://node1:8786."
            ) from error
        with client:
            yield client


async def _knock(address: str) -> None:
    """Connect to a scheduler as a client does, and leave again.

    Raises:
        OSError: nobody answers.
        ValueError: it is no address.
    """
    from distributed import Security
    from distributed.comm.core import connect

    connection = await connect(address, timeout=ANSWER_S, **Security().get_connection_args("client"))
    await connection.close()


def _checked(code: str, function: Callable[[Item], Result], item: Item) -> Result | DivineError:
    """Call ``function`` on a worker, which may have joined after the others were checked."""
    if code != code_digest():
        raise ComputeError("a worker joined that runs another version of DIVINE. Bring the same version to every worker.")
    return attempt(function, item)


def _here(paths: list[str], token: str) -> Here:
    unseen = [path for path in paths if not Path(path).exists()]
    if not (home() / token).exists():
        unseen.append("DIVINE_HOME")
    return Here(code_digest(), str(home().resolve()), tuple(unseen))


@cache
def code_digest() -> str:
    """Hash this package's source: versions that differ by a line may make other features."""
    folder = PROJECT / "divine"
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()

"""``Client``: settings, journal and connection in one object; what the module's functions use.

Starting runs, and sending. What a run records is in ``run``, how it gets out in ``outbox``; what is asked
in ``questions``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from lineage_server.client import builders, process, resolve
from lineage_server.client.artifact import Artifact
from lineage_server.client.checking import checked, told
from lineage_server.client.config import DEFAULT_URL, Config, captures, load_config
from lineage_server.client.curating import Curating
from lineage_server.client.ending import ending_of
from lineage_server.client.graphql import GraphQL, error_from
from lineage_server.client.looking import Looking
from lineage_server.client.place import default_name, this_program
from lineage_server.client.questions import SECONDS_FOR_OWN, Questions
from lineage_server.client.ranks import RunId, RunIds
from lineage_server.client.run import Run
from lineage_server.client.seeds import with_seed
from lineage_server.client.tables import Tables
from lineage_server.domain.errors import InvalidInputError, LineageError, UnavailableError
from lineage_server.domain.events import Event
from lineage_server.domain.ids import clean_project, clean_run_id, new_run_id, now_micros

if TYPE_CHECKING:
    from lineage_server.client.outbox import Outbox
    from lineage_server.client.registered import ModelVersion
    from lineage_server.client.reproducing.reproduction import Reproduction
    from lineage_server.client.syncing import Left, SyncReport
    from lineage_server.client.verifying import Verification
    from lineage_server.domain.events import RunReported

logger = logging.getLogger("lineage_server.client")

_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """Where what was recorded is. ``pending_bytes`` are in the journal, ``waiting`` events only in
    memory; ``refusal`` says why the server refused the first that it did; ``uploads`` are versions whose
    bytes are still to be sent, ``uploads_failed`` those whose never will be (``failure``: why the last of
    them); ``left`` are journals of other processes."""

    mode: str
    url: str
    journal: Path
    pending_bytes: int = 0
    waiting: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    refusal: LineageError | None = None
    dropped: int = 0
    uploads: int = 0
    uploads_failed: int = 0
    failure: str = ""
    trouble: str = ""
    left: tuple[Left, ...] = ()

    @property
    def all_sent(self) -> bool:
        """Nothing of this process is left to send."""
        return not (self.pending_bytes or self.waiting or self.dropped or self.uploads)


class Client(Questions, Curating, Looking, Tables):
    """A connection to one server. Thread-safe; usable after a fork."""

    @checked
    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        project: str | None = None,
        mode: str | None = None,
        journal_dir: str | os.PathLike[str] | None = None,
        capture: str | None = None,
        show_progress: bool | None = None,
        config: Config | None = None,
    ) -> None:
        self.config = config or load_config(
            url=url, token=token, project=project, mode=mode, journal_dir=journal_dir, capture=capture,
            show_progress=show_progress,
        )  # fmt: skip
        self.outbox: Outbox | None = None
        if self.config.mode != "disabled":
            # Here, not above: the import's time is halved between importing and beginning.
            from lineage_server.client.outbox import Outbox

            self.outbox = Outbox(self.config)
        self.graphql = GraphQL(self.config)
        self.produced: dict[tuple[str, str, str], Artifact] = {}
        self.by_content: dict[str, Artifact] = {}
        self.run_ids = RunIds(self.config)

    # --- runs --------------------------------------------------------------------------

    @checked
    def start_run(
        self,
        name: str | None = None,
        *,
        job: str | None = None,
        kind: str = "script",
        project: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        parent: str | Run | None = None,
        run_id: str | None = None,
        retry_of: str | Run | None = None,
        resumed_from: str | Run | None = None,
        capture: str | None = None,
    ) -> Run:
        """Begin a run; returns at once, with or without a server.

        Of a distributed job only rank 0 begins it; the other ranks attach to it and tell inputs and outputs.
        Which one it is they know by ``run_id``, LINEAGE_RUN_ID, or what torchrun, MPI or Slurm tell all of
        them, if all begin their runs in the same order; where nothing tells, they record nothing, and say so.
        A seed that was set before (``lineage.seed``) is one of its parameters, unless ``capture`` is none.
        """
        project = clean_project(project) if project is not None else self.config.project
        given = clean_run_id(run_id) if run_id is not None else ""
        wanted = captures(capture) if capture is not None else self.config.capture
        part_of = id_of(parent)
        taken = RunId(given) if given else self.run_ids.take(part_of)
        if self.config.rank.number > 0:
            if not taken.id:
                self.run_ids.warn_of_none()
            return Run(
                self, taken.id or new_run_id(), project, owned=False, points=False, unknown=not taken.id
            )
        program = this_program(self.config.environ)
        name = name if name is not None else builders.name_of_file(default_name(program.entry))
        try:
            event = builders.started(
                taken.id or new_run_id(),
                project=project,
                name=name,
                job=job if job is not None else name,
                kind=kind,
                params=with_seed(params) if capture != "none" else params,
                tags=tags,
                description=description,
                parent=part_of or self.run_ids.outer(taken),
                retry_of=id_of(retry_of),
                resumed_from=id_of(resumed_from),
            )
        except InvalidInputError:
            self.run_ids.put_back(taken)
            raise
        run = self.begin(event)
        run.capture_in_background(wanted, program)
        return run

    def begin(self, event: RunReported, *, shared: bool = True) -> Run:
        """The run that ``event`` tells of. Unless it is ``shared``, only code in its block or function finds
        it with ``current_run``."""
        run = Run(self, event.run, event.project, name=event.name or "", job=event.job or "", shared=shared)
        self.graphql.recorded.add(event.project)
        if self.outbox is not None:
            self.outbox.begin(event)
            process.watch_signals()
        return run

    def launched_by(self) -> str | None:
        """The id of the run that this process is part of, where a launcher told one."""
        return self.run_ids.outer()

    @checked
    def attach_run(self, run_id: str, *, project: str | None = None) -> Run:
        """Join a run that somebody else began and will end (another rank, process or host).

        ``run_id``: its id or uid; or the first digits of it, six or more, if no other run begins so in
        ``project``, or anywhere if none does there. Then the server is asked, and a domain error raised where
        it knows none or several.
        """
        own = clean_project(project) if project is not None else self.config.project
        found, owner = resolve.run_meant(self, run_id, own)
        told = own if project is not None else owner or own
        return Run(self, found, told, owned=False)

    def report(self, *events: Event) -> None:
        """Record domain events as they are (``lineage_server.domain.events``), for facts that no verb
        says: models, aliases, deployments, descriptions. One without a time has happened now."""
        for event in events:
            if not isinstance(cast(object, event), Event):
                raise InvalidInputError(
                    f"an event is {told(event)}",
                    field="events",
                    allowed="events of lineage_server.domain.events",
                )
        if self.outbox is not None:
            now = now_micros()
            self.outbox.put(*(event if event.at else replace(event, at=now) for event in events))

    def remember(self, artifact: Artifact, *, produced: bool = False) -> None:
        """What this process has read and made: the newest of a name, and whose content has which digest."""
        if produced:
            self.produced[(artifact.project, artifact.type, artifact.name)] = artifact
        if artifact.digest and (produced or artifact.digest not in self.by_content):
            if len(self.by_content) >= _MOST_REMEMBERED:
                self.by_content.pop(next(iter(self.by_content)), None)
            self.by_content[artifact.digest] = replace(artifact, value=None, role="")

    # --- bytes -------------------------------------------------------------------------

    @checked
    def get(self, ref: str | Artifact | ModelVersion) -> Artifact:
        """The handle of a version, without recording that anybody reads it; raises a domain error.

        Of a registered model (``"model:churn@prod"``) it is the handle of what was registered.
        """
        from lineage_server.client import downloads

        return downloads.get(self, self.start_of(ref))

    def handle_of(self, ref: str | Artifact | ModelVersion) -> Artifact:
        """The handle that was passed, else that of what it names; raises a domain error."""
        return ref if isinstance(ref, Artifact) else self.get(ref)

    @checked
    def download(
        self,
        ref: str | Artifact | ModelVersion,
        to: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        progress: Callable[[int, int], None] | None = None,
        paths: str | Sequence[str] | None = None,
    ) -> Path:
        """A version's file in the folder ``to``, or ``to`` with all its files; raises a domain error.

        Without ``to`` it comes into the cache, and must not be written to. What is there already is not
        fetched again; what is there with other content stays, unless ``overwrite`` says otherwise.
        ``progress`` is told of how many bytes are there, and of how many there will be. ``paths``: only
        files that fit a pattern (``"*.json"``, ``"data/**/*.csv"``, ``"data/"``), into the folder ``to``.
        """
        from lineage_server.client import downloads

        artifact = self.handle_of(ref)
        if to is None:
            if paths is not None:
                raise InvalidInputError(
                    "the cache keeps whole versions", field="paths", allowed="with a folder (to=…)"
                )
            return downloads.path_of(self, artifact, progress)
        return downloads.download(self, artifact, to, overwrite=overwrite, progress=progress, paths=paths)

    @checked
    def verify(self, ref: str | Artifact | ModelVersion) -> Verification:
        """Whether what lies where a version was recorded is still that version, or has drifted; raises a
        domain error where there is no such version.

        Files are read; of addresses (``s3://…``) this machine asks their place, and fetches nothing.
        """
        from lineage_server.client import verifying

        return verifying.verify(self, self.start_of(ref))

    @checked
    def reproduce(
        self,
        ref: str | Run | Artifact,
        *,
        perform: bool = False,
        repo: str | os.PathLike[str] = ".",
        folder: str | os.PathLike[str] | None = None,
        tolerance: float = 0.0,
    ) -> Reproduction:
        """What it takes to do a run (or the one that made a version) again, and what of it is missing now;
        raises a domain error.

        ``perform``: do it, if ``lineage run`` began it, in ``folder`` (else in one that goes again): its
        commit, of which ``repo`` is a checkout, with its uncommitted changes and inputs, by its command. What
        it made and measured is compared (metrics may lie ``tolerance`` apart, relative to the larger), and
        the verdict attached to both runs.
        """
        from lineage_server.client.reproducing.reproduction import reproduce

        place = None if folder is None else Path(folder)
        start = self.start_of(ref)
        self.send_own()
        return reproduce(self, start, perform=perform, repo=Path(repo), folder=place, tolerance=tolerance)

    # --- sending -----------------------------------------------------------------------

    @checked
    def flush(self, timeout: float = 10.0) -> bool:
        """Write everything, and wait until it is sent, uploads too; False if some of it still waits."""
        return self.outbox is None or self.outbox.finish(timeout, timeout)

    @checked
    def sync(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        progress: Callable[[SyncReport], None] | None = None,
    ) -> SyncReport:
        """Send what dead processes left in the journal folder (and what this one has); a bar tells how far
        it is, unless ``progress`` is told."""
        if not self.config.url or self.config.mode == "disabled":
            raise UnavailableError("there is no server to send to: set LINEAGE_URL", part="server")
        if self.outbox is not None:
            self.outbox.finish(SECONDS_FOR_OWN)
        from lineage_server.client.catching_up import catch_up

        return catch_up(Path(folder) if folder else self.config.journal_dir, self.config, progress)

    def sync_status(self) -> SyncStatus:
        """How much is sent, how much waits, and why."""
        from lineage_server.client.syncing import leftovers

        box = self.outbox
        if box is None:
            return SyncStatus(mode="disabled", url=self.config.url, journal=self.config.journal_dir)
        journal, sender = box.journal, box.sender
        state = sender.state if sender else None
        first = state.refusal if state else None
        others = [left for left in leftovers(self.config.journal_dir) if left.path != journal.path]
        return SyncStatus(
            mode="online" if sender else "offline",
            url=self.config.url,
            journal=journal.path,
            pending_bytes=journal.written - journal.acknowledged,
            waiting=journal.waiting,
            accepted=state.accepted if state else 0,
            duplicate=state.duplicate if state else 0,
            refused=state.refused if state else 0,
            refusal=error_from(first.code, first.message, {}) if first else None,
            dropped=journal.dropped + box.dropped_points,
            uploads=box.uploads.pending,
            uploads_failed=box.uploads.failed,
            failure=box.uploads.failure,
            trouble=(state.trouble if state else "") or box.uploads.trouble,
            left=tuple(others),
        )

    def sync_command(self) -> str:
        """What to type to send this client's journal later: to its server, if only the program names it."""
        default = load_config(environ={"HOME": self.config.environ.get("HOME", "")}).journal_dir
        folder = self.config.journal_dir
        settings = [f"LINEAGE_JOURNAL_DIR={folder}"] if folder != default else []
        if self.config.url != (self.config.environ.get("LINEAGE_URL", "").strip().rstrip("/") or DEFAULT_URL):
            settings.append(f"LINEAGE_URL={self.config.url}")
        return " ".join([*settings, "lineage sync"])

    @checked
    def close(self, timeout: float = 5.0, *, error: BaseException | None = None) -> bool:
        """End open runs (by ``error``, if it is what ended the work), send what can be sent in time;
        True if nothing is left."""
        done = self.outbox is None or self.outbox.close(timeout, ending_of(error))
        self.graphql.close()
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close(error=exc)


def id_of(run: str | Run | None) -> str | None:
    """A run's id, from whatever names it."""
    if run is None or isinstance(run, Run):
        return run.id if run is not None else None
    return clean_run_id(run.removeprefix("run:"))

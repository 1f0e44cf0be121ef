"""Jars named and hashed in a lock, fetched by jgo from their Maven coordinates: Kafka's in `kafka.lock`.

A lock holds one jar a line, `sha256  group:artifact:version`. Hashes guard against a changed jar and against one that an
interrupted download left half written. `python -m services.stack.jars` resolves Kafka's lock anew (`make lock`).
"""

from __future__ import annotations

import errno
import hashlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenacity import retry, stop_after_attempt, wait_fixed

from services.stack.errors import StackError, disk_errors
from services.stack.state import exclusive

if TYPE_CHECKING:
    from jgo.maven import MavenContext

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
"""Kafka logs through slf4j 1.7; without a backend on the class path its log is empty. Kafka's own log4j version."""
LOCK = Path(__file__).with_name("kafka.lock")
TOGETHER = 6
"""Downloads at once: most jars are small, the time goes into round trips."""
TRIES = 2
PATIENCE_SECONDS = 20

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Jar:
    """A jar as the lock names it."""

    sha256: str
    coordinates: str

    def path(self, cache: Path) -> Path:
        """Where it lies in a Maven repository folder."""
        group, artifact, version = self.coordinates.split(":")
        return cache.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.jar")

    def sound(self, cache: Path) -> bool:
        """Whether the jar is there with every byte it should have."""
        try:
            with self.path(cache).open("rb") as jar:
                return hashlib.file_digest(jar, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Purpose:
    """What jars are for, and what to do without them: for the sentence when they cannot be had."""

    what: str
    otherwise: str


FOR_KAFKA = Purpose("Kafka", "set PETITIONS_KAFKA to a broker you have")


def locked(lock: Path = LOCK) -> list[Jar]:
    """The jars of the lock."""
    return [Jar(*line.split()) for line in lock.read_text("ascii").splitlines() if line]


def class_path(cache: Path, say: Say = lambda text: None, *, jars: Sequence[Jar] | None = None) -> str:
    """Kafka with its logging backend as a class path; fetches into `cache` what is missing or damaged there.

    Raises `StackError` where the registry cannot be reached, a disk is full, or a jar is not the one that was locked.
    """
    wanted = locked() if jars is None else list(jars)
    provide(wanted, cache, FOR_KAFKA, say)
    return ":".join(str(jar.path(cache)) for jar in wanted)


def provide(wanted: Sequence[Jar], cache: Path, purpose: Purpose, say: Say = lambda text: None) -> None:
    """Fetch into `cache` what is missing or damaged there; raises `StackError` as `class_path` does."""
    checked = cache / f"checked-{_fingerprint(wanted)}"
    if not (checked.exists() and all(jar.path(cache).exists() for jar in wanted)):
        with disk_errors(cache):
            cache.mkdir(parents=True, exist_ok=True)
            with exclusive(cache / ".lock"):  # two clones that start for the first time share the cache
                if missing := [jar for jar in wanted if not jar.sound(cache)]:
                    _fetch(missing, cache, purpose, say)
            checked.touch()


def _fingerprint(jars: Sequence[Jar]) -> str:
    return hashlib.sha256("".join(jar.sha256 for jar in jars).encode()).hexdigest()[:16]


def _fetch(missing: Sequence[Jar], cache: Path, purpose: Purpose, say: Say) -> None:
    context = _context(cache)
    for jar in missing:
        jar.path(cache).unlink(missing_ok=True)  # jgo takes whatever lies there for whole
    with ThreadPoolExecutor(TOGETHER) as pool:
        waiting = {pool.submit(_fetch_one, context, jar, cache, purpose): jar for jar in missing}
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                future.result()
                say(f"fetching {purpose.what}, once: {done} of {len(missing)} files")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch_one(context: MavenContext, jar: Jar, cache: Path, purpose: Purpose) -> None:
    group, artifact, version = jar.coordinates.split(":")
    wanted = context.project(group, artifact).at_version(version).artifact()
    try:
        retry(stop=stop_after_attempt(TRIES), wait=wait_fixed(1), reraise=True)(wanted.resolve)()
    except Exception as failure:
        jar.path(cache).unlink(missing_ok=True)
        if isinstance(failure, OSError) and failure.errno == errno.ENOSPC:
            raise
        raise StackError(
            f"{purpose.what} could not be fetched, because the Maven registry did not give {jar.coordinates} "
            f"({type(failure).__name__}): check the connection and try again, or {purpose.otherwise}"
        ) from failure
    if not jar.sound(cache):
        jar.path(cache).unlink(missing_ok=True)
        raise StackError(
            f"{purpose.what} could not be fetched, because {jar.coordinates} is not the file that was locked: try again, and "
            f"if it stays so ask whoever runs your Maven mirror, or {purpose.otherwise}"
        )


def _context(cache: Path) -> MavenContext:
    """jgo's view of the registry: Maven Central, or the repositories of the user's own jgo settings."""
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext

    logging.getLogger("jgo").setLevel(logging.ERROR)
    return MavenContext(repo_cache=cache, remote_repos=GlobalSettings.load().repositories or None, timeout=PATIENCE_SECONDS)


def resolve(cache: Path) -> list[Jar]:
    """Resolve Kafka and its logging backend from scratch and return what the lock should hold.

    The two are resolved one after the other: resolved together, jgo lets the versions that one of them manages change the
    other's, and Kafka gets a client library of another release.
    """
    from jgo.parse import Endpoint

    context = _context(cache)
    found: dict[str, Jar] = {}
    for coordinates in (KAFKA, LOGGING):
        inputs, others = context.resolver.resolve([context.create_dependency(c) for c in Endpoint.parse(coordinates).coordinates])
        for one in (*inputs, *others):
            if one.optional or one.scope not in (None, "compile", "runtime") or f"{one.groupId}:{one.artifactId}" in found:
                continue
            path = one.artifact.resolve()
            jar = Jar(hashlib.sha256(path.read_bytes()).hexdigest(), f"{one.groupId}:{one.artifactId}:{one.version}")
            found[f"{one.groupId}:{one.artifactId}"] = jar
    return sorted(found.values(), key=lambda jar: jar.coordinates)


def main() -> None:
    """Write the lock."""
    from services.stack import jar_cache

    jars = resolve(jar_cache())
    LOCK.write_text("".join(f"{jar.sha256}  {jar.coordinates}\n" for jar in jars), "ascii")
    print(f"{LOCK.name}: {len(jars)} jars")


if __name__ == "__main__":
    main()

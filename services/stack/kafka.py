"""A real Apache Kafka for one machine: KRaft, one node, data under the home folder."""

from __future__ import annotations

import base64
import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

from services.stack.errors import PortLost, StackError, died, disk_errors, require_space
from services.stack.jars import class_path
from services.stack.java import java
from services.stack.ports import LastPort, free_port
from services.stack.probe import cluster_id
from services.stack.processes import end, spawn, wait_until
from services.stack.state import Started, State, exclusive

HEAP = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""210 MB resident in practice; the serial collector has no threads of its own to pay for. The second compiler stays off:
beside the services it takes longer to compile than its code saves, 4.5 s of processor time against 2.5 s until ready and
0.11 ms against 0.05 ms for a complaint's five records in the first 40,000."""
READY_SECONDS = 120.0
PORT_TRIES = 3
LOG4J = """status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server
logger.server.level = info
logger.config.name = kafka.server.KafkaConfig
logger.config.level = warn
"""
PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
num.network.threads=2
num.io.threads=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.segment.bytes=67108864
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=16777216
message.max.bytes=4194304
"""
"""The offsets topic is small so that a fresh broker has it soon; indexes and the cleaner's buffer are allocated whole.
A broker that was killed may not register again until its old session ended: 9 s by default."""

Say = Callable[[str], None]


def silent(text: str) -> None:
    """Nobody listens to progress."""


class Kafka:
    """The broker of one home; `cache` holds the jars and may be shared between homes."""

    name = "kafka"

    def __init__(self, home: Path, cache: Path) -> None:
        self.folder = (home / "kafka").absolute()
        self.data = self.folder / "data"
        self.log = (home / "log" / "kafka.log").absolute()
        self.cache = cache
        self.state = State(home)
        self.port = LastPort(self.folder / "port")

    def start(self, say: Say = silent) -> Started:
        """Start unless it runs; raises `StackError` with cause and remedy. `say` hears of progress and of oddities."""
        require_space(self.folder)
        with disk_errors(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # hotlines' records name people
        with exclusive(self.folder / "lock"):
            if (running := self.state.running(self.name)) and self.answers(running.port):
                return running
            self._clear(say)
            jars = class_path(self.cache, say)
            say("starting Kafka")
            for attempt in range(1, PORT_TRIES + 1):
                port, oddity = self.port.choose("Kafka")
                if oddity:
                    say(oddity)
                try:
                    return self._launch(port, jars)
                except PortLost:
                    self.state.forget(self.name)
                    self.port.forget()
                    if attempt == PORT_TRIES:
                        raise
        raise AssertionError("the loop returns or raises")

    def stop(self) -> bool:
        """End what this home started; True where something ran."""
        entry = self.state.read().get(self.name)
        ended = end(entry, seconds=15) if entry else False
        self.state.forget(self.name)
        return ended

    def answers(self, port: int) -> bool:
        """Whether the broker at this port answers and is the one of this home."""
        told = cluster_id(port)
        return told is not None and told == self.cluster()

    def cluster(self) -> str | None:
        """The id of our cluster, once its storage is formatted."""
        try:
            found = re.search(r"^cluster\.id=(.+)$", (self.data / "meta.properties").read_text("utf-8"), re.MULTILINE)
        except OSError:
            return None
        return found[1].strip() if found else None

    def _clear(self, say: Say) -> None:
        stale = self.state.read().get(self.name)
        if stale is None:
            return
        if end(stale):
            say("Kafka was running but did not answer, so it was ended; it is started anew with its data")
        else:
            say(f"Kafka's process {stale.pid} is gone without having been stopped; it is started anew with its data")
        self.state.forget(self.name)

    def _launch(self, port: int, jars: str) -> Started:
        self._configure(port)
        self._format(jars)
        command = [
            str(java()), *HEAP, self._logging(), "-cp", jars, "kafka.Kafka", str(self.folder / "server.properties"),
        ]  # fmt: skip
        server = spawn(command, log=self.log, cwd=self.folder, port=port)
        self.state.remember(self.name, server.entry)
        wait_until(lambda: self.answers(port), server, seconds=READY_SECONDS, name="Kafka", folder=self.folder)
        return server.entry

    def _logging(self) -> str:
        return f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"

    def _configure(self, port: int) -> None:
        with disk_errors(self.folder):
            (self.folder / "log4j2.properties").write_text(LOG4J, "utf-8")
            told = PROPERTIES.format(port=port, controller=free_port(), data=self.data)
            (self.folder / "server.properties").write_text(told, "utf-8")

    def _format(self, jars: str) -> None:
        if self.cluster():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
        command = [
            str(java()), "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", self._logging(), "-cp", jars,
            "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self.folder / "server.properties"),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            raise StackError(
                "Kafka's storage was not ready within 120 s: end what keeps the machine busy, then run petitions up"
            ) from None
        if done.returncode:
            with disk_errors(self.folder):
                self.log.parent.mkdir(parents=True, exist_ok=True)
                self.log.write_text(done.stdout + done.stderr, "utf-8")
            raise died("Kafka", done.stdout + done.stderr, log=self.log, folder=self.folder, port=0)

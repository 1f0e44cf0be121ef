"""A real Apache Kafka for one machine: KRaft, one node, data under the home folder."""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path

from services.stack import java
from services.stack.errors import StackError, disk_errors, require_space
from services.stack.processes import end, free_port, port_taken, spawn, wait_until
from services.stack.state import Started, State

HEAP = "-Xmx512m"
READY_SECONDS = 60.0
LOG4J = """status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
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
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
message.max.bytes=4194304
"""


class Kafka:
    """The broker of one home; `cache` holds the jars and may be shared between homes."""

    name = "kafka"

    def __init__(self, home: Path, cache: Path) -> None:
        self.folder = (home / "kafka").absolute()
        self.log = (home / "log" / "kafka.log").absolute()
        self.cache = cache
        self.state = State(home)

    def start(self) -> Started:
        """Start unless it runs; raises `StackError` with cause and remedy."""
        if (running := self.state.running(self.name)) and port_taken(running.port):
            return running
        if stale := self.state.read().get(self.name):
            end(stale)
        require_space(self.folder)
        port = self._port()
        self._format(port)
        command = [
            str(java.java()), HEAP, "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4", f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-cp", java.class_path(self.cache), "kafka.Kafka", str(self.folder / "server.properties"),
        ]  # fmt: skip
        process, started = spawn(command, log=self.log, cwd=self.folder, port=port)
        self.state.remember(self.name, started)
        wait_until(lambda: port_taken(port), process, seconds=READY_SECONDS, name="Kafka", log=self.log)
        return started

    def stop(self) -> bool:
        """End what this home started; True where something ran."""
        entry = self.state.read().get(self.name)
        ended = end(entry, seconds=15) if entry else False
        self.state.forget(self.name)
        return ended

    def _port(self) -> int:
        """The port of the last start, so that clients find it again; another one where it was taken meanwhile."""
        settings = self.folder / "server.properties"
        if settings.exists():
            for line in settings.read_text("utf-8").splitlines():
                if line.startswith("advertised.listeners="):
                    port = int(line.rsplit(":", 1)[1])
                    if not port_taken(port):
                        return port
        return free_port()

    def _format(self, port: int) -> None:
        data = self.folder / "data"
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "log4j2.properties").write_text(LOG4J, "utf-8")
            properties = self.folder / "server.properties"
            properties.write_text(PROPERTIES.format(port=port, controller=free_port(), data=data), "utf-8")
        if (data / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        done = subprocess.run(
            [str(java.java()), "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", java.class_path(self.cache), "kafka.tools.StorageTool",
             "format", "-t", cluster, "-c", str(properties)],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
            raise StackError(f"Kafka's storage could not be prepared ({words[0][:200]}): remove {data} and try again")

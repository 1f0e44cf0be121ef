"""Topics are created by the project from the one table in `contracts.topics`, never by a stray client."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from contracts.topics import Topic, every_topic
from services.infra.kafka import client_options
from services.infra.settings import Settings


def configuration(topic: Topic) -> dict[str, str]:
    """Broker-side settings of a topic: retention in ms, largest record in bytes."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(int(topic.retention.total_seconds() * 1000)),
        "max.message.bytes": str(topic.max_bytes),
    }


@retry(retry=retry_if_exception_type(KafkaConnectionError), stop=stop_after_delay(6), wait=wait_fixed(0.3), reraise=True)
async def create_topics(settings: Settings) -> list[str]:
    """Create what is missing and return its names; existing topics get their retention and size again."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        there = set(await admin.list_topics())
        wanted = [topic for topic in every_topic() if topic.name not in there]
        if wanted:
            answer = await admin.create_topics(
                [
                    NewTopic(t.name, t.partitions, settings.kafka_replication, topic_configs=configuration(t))
                    for t in wanted
                ]
            )
            for entry in answer.topic_errors:
                error = for_code(entry[1])
                if entry[1] and error is not TopicAlreadyExistsError:
                    raise error(f"topic {entry[0]} could not be created: {entry[2] if len(entry) > 2 else error.__name__}")
        known = [topic for topic in every_topic() if topic.name in there]
        if known:
            await admin.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, t.name, configs=configuration(t)) for t in known]
            )
        return [topic.name for topic in wanted]
    finally:
        await admin.close()


async def existing(settings: Settings) -> set[str]:
    """Names of the topics that are there."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def ping(settings: Settings) -> bool:
    """Whether the broker answers a metadata request."""
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=3000)
    try:
        await admin.start()
        return True
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()

"""Every metric, once, with what it measures and its unit: this file is the metrics' documentation."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

LATENCY_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300)
SIZE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)

HANDLED = Counter("petitions_records_handled", "Records handled for the first time", ["service"])
REDELIVERED = Counter("petitions_records_redelivered", "Records the inbox already knew", ["service"])
RETRIES = Counter("petitions_retries", "Batches tried again after a transient failure", ["service"])
DEAD_LETTERED = Counter("petitions_dead_lettered", "Records set aside", ["service", "verdict"])
BATCH_SIZE = Histogram("petitions_batch_records", "Records in one transaction", ["service"], buckets=SIZE_BUCKETS)
BATCH_SECONDS = Histogram("petitions_batch_seconds", "One batch, from poll to commit", ["service"], buckets=LATENCY_BUCKETS)
STAGE_SECONDS = Counter("petitions_stage_seconds", "Time spent in one stage of a service's work", ["service", "stage"])
STAGE_CPU_SECONDS = Counter(
    "petitions_stage_cpu_seconds", "Processor time of the process during one stage", ["service", "stage"]
)
REGISTERED = Counter("petitions_registered", "Complaints by outcome of intake", ["outcome"])
LINKED = Counter("petitions_linked", "Complaints by link kind and band", ["kind", "band"])
ASSIGNED = Counter("petitions_assigned", "Cases assigned by kind of lead unit", ["unit_kind"])
LEADERLESS = Counter("petitions_leaderless", "Times a leader was due and none fitted")
FIRED = Counter("petitions_clocks_fired", "Due moments announced", ["kind"])
ESCALATED = Counter("petitions_ladder_steps", "Steps of the ladder asked of casework or proposed to a person", ["step", "how"])
SWEEP_SECONDS = Histogram("petitions_sweep_seconds", "One sweep over all clocks", buckets=LATENCY_BUCKETS)
INTAKE_TO_ASSIGNMENT = Histogram(
    "petitions_intake_to_assignment_seconds", "From registration to assignment", buckets=LATENCY_BUCKETS
)
RELAYED = Counter("petitions_outbox_published", "Events published from the outbox")
OUTBOX_OLDEST = Gauge("petitions_outbox_oldest_seconds", "Age of the oldest event not yet published")
PARKED = Gauge("petitions_parked_records", "Events that wait for a case casework has not heard of")
PARKED_OLDEST = Gauge("petitions_parked_oldest_seconds", "How long the oldest of them has waited")
LAG = Gauge("petitions_consumer_lag_records", "Records behind the end of a partition", ["service", "topic", "partition"])
ANALYTICS_BACKLOG = Gauge("petitions_analytics_backlog", "Touched complaints and cases not yet counted anew")
ANALYTICS_UNREADABLE = Counter("petitions_analytics_unreadable", "Histories of cases that could not be counted")

"""AWS's limits as data, by profile. Sources: the service quotas pages of each service."""

from __future__ import annotations

from dataclasses import dataclass, replace

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds AWS documents. Units are in the names."""

    # Lambda
    function_timeout_max_s: int = 900
    function_memory_min_mib: int = 128
    function_memory_max_mib: int = 10_240
    function_memory_per_vcpu_mib: int = 1_769
    function_ephemeral_min_mib: int = 512
    function_ephemeral_max_mib: int = 10_240
    function_environment_max_bytes: int = 4 * KIB
    function_sync_payload_max_bytes: int = 6 * MIB
    function_async_payload_max_bytes: int = 1 * MIB
    function_response_max_bytes: int = 6 * MIB + 100
    function_zip_max_bytes: int = 50 * MIB
    function_unzipped_max_bytes: int = 250 * MIB
    function_code_storage_max_bytes: int = 75 * 1024 * MIB
    function_concurrency_account: int = 1_000
    function_concurrency_unreserved_min: int = 100
    # SNS
    topic_message_max_bytes: int = 256 * KIB
    topic_batch_max_entries: int = 10
    # EventBridge
    event_entries_max_bytes: int = 1 * MIB
    # SQS
    queue_in_flight_max: int = 120_000
    queue_fifo_in_flight_max: int = 120_000
    # S3
    object_put_max_bytes: int = 5 * 1024 * MIB
    object_part_min_bytes: int = 5 * MIB
    object_parts_max: int = 10_000
    object_metadata_max_bytes: int = 2 * KIB
    object_tags_max: int = 10
    object_key_max_bytes: int = 1_024
    # Logs
    log_batch_max_bytes: int = 1_048_576
    log_batch_max_events: int = 10_000
    log_event_overhead_bytes: int = 26
    log_total_max_bytes: int = 8 * 1024 * MIB  # ours: of all groups together, the oldest go
    # Batch
    job_array_max_size: int = 10_000
    job_dependencies_max: int = 20
    job_describe_max: int = 100
    job_environments_per_queue: int = 3
    job_kept_s: float = 7 * 86_400.0  # after its end; see config.job_kept_days
    machine_vcpus_default: int = 2  # ours: until an agent has said what it has
    machine_memory_default_mib: int = 4_096  # ours, likewise


PROFILES: dict[str, Limits] = {
    "current": Limits(),
    # What Lambda allowed when the file-to-topic-to-functions pattern was first described.
    "2017": replace(
        Limits(),
        function_timeout_max_s=300,
        function_memory_max_mib=3_008,
        function_ephemeral_max_mib=512,
        function_async_payload_max_bytes=128 * KIB,
        event_entries_max_bytes=256 * KIB,
        queue_fifo_in_flight_max=20_000,
    ),
}

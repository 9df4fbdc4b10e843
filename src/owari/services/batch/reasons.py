"""Why a job is RUNNABLE and not running, in the words of its `statusReason`.

The codes are those of the Batch user guide, "Jobs stuck in a RUNNABLE status": they can be used
in a queue's jobStateTimeLimitActions. What follows a code is ours: the actual figures.
"""

from __future__ import annotations

from owari.services.batch.demands import Size

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
ENVIRONMENT_MAX = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
REQUIREMENT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
INSTANCE_UNSUPPORTED = "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED"  # never here
REMEDIABLE = (CAPACITY, ENVIRONMENT_MAX, REQUIREMENT, INSTANCE_UNSUPPORTED)

NO_ENVIRONMENT = "No compute environment of the job queue is ENABLED and VALID."
NO_MACHINE = f"{CAPACITY} - No agent is connected: it is being started, or see owari status."
BEHIND = "Waiting its turn in the queue."
RESERVED = "Room is being kept free for a larger job ahead of it."


def blocks(reason: str) -> bool:
    """Waiting will not help: someone has to change something."""
    return reason == NO_ENVIRONMENT or code_of(reason) in (ENVIRONMENT_MAX, REQUIREMENT)


def code_of(reason: str) -> str:
    """The code a status reason begins with."""
    return reason.partition(" - ")[0]


def vcpus(thousandths: int) -> str:
    return f"{thousandths / 1000:g}"


def busy(need: Size) -> str:
    return f"{CAPACITY} - Waiting for {_what(need)} to become free on a machine that is busy now."


def never_fits(need: Size, largest: Size) -> str:
    lacking = [
        f"{asked} {name}, and the largest machine has {there}"
        for name, asked, there in (
            ("MiB of memory", need.memory, largest.memory),
            ("GPUs", need.gpus, largest.gpus),
        )
        if asked > there
    ]
    if not lacking:
        lacking = [f"{_what(need)}, which no machine has together"]
    return f"{REQUIREMENT} - The job can never run here: it asks for {'; '.join(lacking)}."


def environment_full(need: int) -> str:
    return (
        f"Waiting for {vcpus(need)} vCPUs: the compute environments of the job queue are at their"
        " maxvCpus."
    )


def environment_too_small(need: int) -> str:
    return (
        f"{ENVIRONMENT_MAX} - The job asks for {vcpus(need)} vCPUs, more than maxvCpus of any"
        " compute environment of the job queue."
    )


def consumable_short(key: str, need: int, free: int) -> str:
    name = key.rpartition("/")[2]
    return f"Waiting for consumable resource {name}: {need} needed, {free} available."


def clamped(asked: int, given: int) -> str:
    return (
        f"The job asks for {vcpus(asked)} vCPUs and the largest machine has {vcpus(given)}: it runs"
        " alone, with all of them."
    )


def _what(need: Size) -> str:
    gpus = f" and {need.gpus} GPUs" if need.gpus else ""
    return f"{vcpus(need.vcpus)} vCPUs and {need.memory} MiB of memory{gpus}"

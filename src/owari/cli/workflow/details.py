"""What a state does, in a few words."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
WAITS = {
    ".sync": "until it is done",
    ".sync:2": "until it is done",
    ".waitForTaskToken": "until its token returns",
}


def detail_of(state: Json) -> str:
    match state.get("Type"):
        case "Task":
            return _task(state)
        case "Wait":
            return _wait(state)
        case "Map":
            return _map(state)
        case "Fail":
            return f"fail: {state['Error']}" if "Error" in state else "fail"
        case kind:
            return str(kind).lower()


def retry_of(state: Json) -> str:
    """`retry ≤ 3`: how many attempts its retriers allow (MaxAttempts, 3 unless given)."""
    counts = [str(r.get("MaxAttempts", 3)) for r in state.get("Retry") or ()]
    return f"retry ≤ {' + '.join(counts)}" if counts else ""


def _task(state: Json) -> str:
    resource = str(state.get("Resource", ""))
    parts = resource.split(":")
    if len(parts) < 6:
        return resource or "task"
    if parts[2] == "lambda":
        return f"lambda {_function(resource)}"
    if "activity" in parts:
        return f"activity {parts[-1]}"
    action = ":".join(parts[5:])
    for ending, meaning in WAITS.items():
        if action.endswith(ending):
            return f"{_integration(action.removesuffix(ending), state)}, {meaning}"
    return _integration(action, state)


def _integration(action: str, state: Json) -> str:
    given = state.get("Arguments") or state.get("Parameters") or {}
    if action != "lambda:invoke" or not isinstance(given, dict):
        return action.removeprefix("aws-sdk:")
    name = str(given.get("FunctionName", given.get("FunctionName.$", "")))
    return f"lambda {_function(name)}" if name else action


def _function(arn: str) -> str:
    """The name in a function's ARN, with its version or alias; other text as it is."""
    return arn.split(":function:", 1)[-1].removesuffix(":$LATEST")


def _wait(state: Json) -> str:
    if isinstance(state.get("Seconds"), int):
        return f"wait {state['Seconds']} s"
    for field in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath"):
        if field in state:
            word = "wait" if field.startswith("Seconds") else "wait until"
            return f"{word} {str(state[field]).removeprefix('{%').removesuffix('%}').strip()}"
    return "wait"


def _map(state: Json) -> str:
    body = state.get("ItemProcessor") or state.get("Iterator") or {}
    mode = (body.get("ProcessorConfig") or {}).get("Mode")
    kind = "distributed map" if mode == "DISTRIBUTED" else "map"
    most = state.get("MaxConcurrency", 0)
    return f"{kind}, {most} at a time" if isinstance(most, int) and most > 0 else kind

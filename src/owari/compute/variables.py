"""The environment variables of a Lambda function, and what Owari adds to a job's. Pure.

Source: "Working with Lambda environment variables", defined runtime environment variables
(developer guide). The agent adds what only it knows: LAMBDA_TASK_ROOT, LAMBDA_RUNTIME_DIR,
AWS_LAMBDA_LOG_STREAM_NAME and the SDK's place in PYTHONPATH.
"""

from __future__ import annotations

from typing import Any


def function_variables(
    spec: dict[str, Any], endpoint: str, credentials: dict[str, str]
) -> dict[str, str]:
    """Defaults a function may override, its own variables, then the reserved ones."""
    defaults = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LD_LIBRARY_PATH": "/lib64:/usr/lib64",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **_sdk(endpoint),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    }
    reserved = {
        "_HANDLER": spec["handler"],
        "AWS_DEFAULT_REGION": spec["region"],
        "AWS_REGION": spec["region"],
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec['runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": spec["function_name"],
        "AWS_LAMBDA_FUNCTION_VERSION": spec["version"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec["memory_mib"]),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": spec["logging"]["LogFormat"],
        "AWS_LAMBDA_LOG_GROUP_NAME": spec["log_group"],
    }
    if "ApplicationLogLevel" in spec["logging"]:
        reserved["AWS_LAMBDA_LOG_LEVEL"] = spec["logging"]["ApplicationLogLevel"]
    made: dict[str, str] = defaults | spec["variables"] | reserved | credentials
    return made


def _sdk(endpoint: str) -> dict[str, str]:
    """What tells any current SDK about Owari."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        # Else the SDK asks for sync-127.0.0.1 where a service has host prefixes.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        # The server may be killed and started again under running code. A call made meanwhile
        # waits at the port (agent/port.py); one that was under way is cut off and made again.
        "AWS_MAX_ATTEMPTS": "8",
    }


def job_variables(endpoint: str, credentials: dict[str, str]) -> dict[str, str]:
    """Before the container's own, which win: its SDK finds Owari and is its role."""
    return _sdk(endpoint) | credentials

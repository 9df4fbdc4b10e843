"""EventBridge Scheduler's operations, by topic. Importing this declares them all."""

from owari.services.scheduler import api_groups, api_schedules, firing, overview, tables

__all__ = ["api_groups", "api_schedules", "firing", "overview", "tables"]

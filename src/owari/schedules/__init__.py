"""`cron()`, `rate()` and `at()`, as EventBridge rules and EventBridge Scheduler have them."""

"""AWS Lambda: functions, their configuration and code, and how they are invoked."""

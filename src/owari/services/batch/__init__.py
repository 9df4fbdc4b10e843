"""AWS Batch: queues, array jobs, dependencies, retries and the scheduler."""

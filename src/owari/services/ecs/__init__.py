"""Amazon ECS: clusters, task definitions, tasks and services, really run."""

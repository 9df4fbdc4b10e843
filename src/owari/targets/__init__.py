"""What EventBridge rules and Scheduler deliver to, and how often they try."""

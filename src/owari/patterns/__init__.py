"""The pattern language that EventBridge, SNS filter policies and event source mappings share."""

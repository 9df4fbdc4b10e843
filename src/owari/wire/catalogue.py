"""Which service a target, a credential scope, a host name or an API version means.

Small tables, so that routing loads no model but that of the service called; a test holds them
against botocore's models.
"""

from __future__ import annotations

# X-Amz-Target prefix (and the service in a CBOR path) → botocore's name.
TARGETS = {
    "AWSEvents": "events",
    "AWSStepFunctions": "stepfunctions",
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonSQS": "sqs",
    "AmazonSSM": "ssm",
    "DynamoDB_20120810": "dynamodb",
    "GraniteServiceVersion20100801": "cloudwatch",
    "Kinesis_20131202": "kinesis",
    "Logs_20140328": "logs",
    "Owari_20261129": "owari",
    "TrentService": "kms",
    "secretsmanager": "secretsmanager",
}

# Credential scope → botocore's name, where they differ.
SCOPES = {
    "elasticfilesystem": "efs",
    "execute-api": "apigateway",
    "monitoring": "cloudwatch",
    "s3express": "s3",
    "states": "stepfunctions",
}

# First label of a regional host name → botocore's name, where they differ.
HOSTS = {"monitoring": "cloudwatch", "states": "stepfunctions", "sync-states": "stepfunctions"}

# Services whose host name is understood.
NAMED = {
    *("batch", "cloudformation", "dynamodb", "ecs", "events", "iam", "kinesis", "lambda"),
    *("logs", "s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "sts"),
    *HOSTS,
}

# API version → service: a query request may bear nothing else that tells.
VERSIONS = {
    "2010-03-31": "sns",
    "2010-05-08": "iam",
    "2010-05-15": "cloudformation",
    "2010-08-01": "cloudwatch",
    "2011-06-15": "sts",
    "2012-11-05": "sqs",
}

# Actions whose URLs AWS hands out to be opened by anyone, and the ARN that says whose they are
# (SNS developer guide, "Confirming the subscription" and the UnsubscribeURL).
PUBLIC_ACTIONS = {
    "ConfirmSubscription": ("sns", "TopicArn"),
    "Unsubscribe": ("sns", "SubscriptionArn"),
}


def service_of_scope(scope: str) -> str:
    return SCOPES.get(scope, scope)

"""The services there are: importing a service's `api` declares its operations and tables."""

from __future__ import annotations

import owari.services.batch.api
import owari.services.ecr.api
import owari.services.ecs.api
import owari.services.events.api
import owari.services.iam.api
import owari.services.lambda_.api
import owari.services.logs.api
import owari.services.owari.api
import owari.services.s3.api
import owari.services.scheduler.api
import owari.services.secretsmanager.api
import owari.services.sns.api
import owari.services.sqs.api
import owari.services.ssm.api
import owari.services.stepfunctions.api
import owari.services.sts.api  # noqa: F401

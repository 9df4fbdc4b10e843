"""SubmitJob."""

from __future__ import annotations

from owari.services.batch.submitting import submit
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("batch", "SubmitJob")
def submit_job(tx: Tx, p: Params) -> Result:
    job = submit(tx, p)
    return {"jobArn": job.arn, "jobName": job.name, "jobId": job.id}

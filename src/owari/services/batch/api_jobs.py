"""DescribeJobs and ListJobs."""

from __future__ import annotations

from typing import Any

from owari.services.batch.book import Book
from owari.services.batch.describing import Json, job_detail, job_summary, node_detail
from owari.services.batch.faults import client
from owari.services.batch.job_filters import Wanted, wanted_jobs
from owari.services.batch.looking import children, unit_of
from owari.services.batch.lookup import is_part_of, needed_queue
from owari.services.batch.names import parse_job_id
from owari.services.batch.paging import key_of, page_size, token_for
from owari.services.batch.parts import load, main_node
from owari.services.batch.records import ITSELF, JOB_COLUMNS, MULTINODE, Job
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

LISTED_MAX = 1000  # without filters; with one it is as many as elsewhere
_COLUMNS = ", ".join(JOB_COLUMNS)


@operation("batch", "DescribeJobs", reads=True)
def describe_jobs(tx: Tx, p: Params) -> Result:
    """What does not exist is left out, as on AWS."""
    if len(p["jobs"]) > tx.limits.job_describe_max:
        raise client(f"jobs must contain at most {tx.limits.job_describe_max} job IDs.")
    book = Book(tx)
    found = (_describe(book, reference) for reference in p["jobs"])
    return {"jobs": [detail for detail in found if detail is not None]}


def _describe(book: Book, reference: str) -> Json | None:
    id = parse_job_id(reference)
    job = book.job(book.tx.account, book.tx.region, id.id) if id else None
    if id is None or job is None or not is_part_of(job, id):
        return None
    tags = book.tx.resources.tags(job.arn)
    if id.node is not None:
        if not 0 <= id.node < _nodes(job):
            return None
        return node_detail(job, unit_of(book, job, ITSELF), id.node, tags)
    if id.child is not None:
        return job_detail(job, unit_of(book, job, id.child), tags)
    return job_detail(job, None if job.is_array else unit_of(book, job, ITSELF), tags)


def _nodes(job: Job) -> int:
    body, _ = load(job.body)
    return int(body["nodes"]["numNodes"])


@operation("batch", "ListJobs", reads=True)
def list_jobs(tx: Tx, p: Params) -> Result:
    given = [name for name in ("jobQueue", "arrayJobId", "multiNodeJobId") if p.get(name)]
    if len(given) != 1:
        raise client("Exactly one of jobQueue, arrayJobId and multiNodeJobId must be specified.")
    status = p.get("jobStatus", "RUNNING")
    match given[0]:
        case "jobQueue":
            return _of_queue(tx, p)
        case "arrayJobId":
            return _of_array(tx, p, status)
        case _:
            return _of_nodes(tx, p, status)


def _of_queue(tx: Tx, p: Params) -> Result:
    queue = needed_queue(tx, p["jobQueue"])
    newest_first = bool(p.get("filters"))
    wanted = wanted_jobs(p.get("filters", []), p.get("jobStatus"))
    most = page_size(p) if newest_first else page_size(p, LISTED_MAX)
    (after,) = key_of(p.get("nextToken"), 2**62 if newest_first else 0)
    found = _page(tx, queue["name"], wanted, after, most + 1, newest_first=newest_first)
    book = Book(tx)
    result: dict[str, Any] = {
        "jobSummaryList": [
            job_summary(job, None if job.is_array else unit_of(book, job, ITSELF))
            for job in found[:most]
        ]
    }
    if len(found) > most:
        result["nextToken"] = token_for([found[most - 1].seq])
    return result


def _page(
    tx: Tx, queue: str, wanted: Wanted, after: int, most: int, *, newest_first: bool
) -> list[Job]:
    compare, order = ("<", "DESC") if newest_first else (">", "ASC")
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM batch_job WHERE account = ? AND region = ? AND queue = ?"
        f" AND seq {compare} ? AND {wanted.condition} ORDER BY seq {order} LIMIT ?",
        tx.account, tx.region, queue, after, *wanted.arguments, most,
    )  # fmt: skip
    return [Job(*row) for row in rows]


def _of_array(tx: Tx, p: Params, status: str) -> Result:
    """Filters do not apply to children."""
    book = Book(tx)
    id = parse_job_id(p["arrayJobId"])
    job = book.job(tx.account, tx.region, id.id) if id else None
    if job is None or not job.is_array:
        raise client(f"Array job {p['arrayJobId']} does not exist.")
    most = page_size(p, LISTED_MAX)
    (after,) = key_of(p.get("nextToken"), -1)
    found = children(book, job, status, after, most + 1)
    result: dict[str, Any] = {"jobSummaryList": [job_summary(job, unit) for unit in found[:most]]}
    if len(found) > most:
        result["nextToken"] = token_for([found[most - 1].index])
    return result


def _of_nodes(tx: Tx, p: Params, status: str) -> Result:
    book = Book(tx)
    id = parse_job_id(p["multiNodeJobId"])
    job = book.job(tx.account, tx.region, id.id) if id else None
    if job is None or job.kind != MULTINODE:
        raise client(f"Multi-node job {p['multiNodeJobId']} does not exist.")
    if job.status != status:
        return {"jobSummaryList": []}
    most = page_size(p, LISTED_MAX)
    (after,) = key_of(p.get("nextToken"), -1)
    nodes = range(after + 1, _nodes(job))
    summary = job_summary(job, unit_of(book, job, ITSELF))
    main = main_node(load(job.body)[0])
    listed = [
        summary
        | {
            "jobArn": f"{job.arn}#{node}",
            "jobId": f"{job.id}#{node}",
            "nodeProperties": summary["nodeProperties"]
            | {"nodeIndex": node, "isMainNode": node == main},
        }
        for node in nodes[:most]
    ]
    result: dict[str, Any] = {"jobSummaryList": listed}
    if len(nodes) > most:
        result["nextToken"] = token_for([nodes[most - 1]])
    return result

"""What an account may use and does use. Source: Lambda API reference, GetAccountSettings."""

from __future__ import annotations

from owari.services.lambda_ import sql
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("lambda", "GetAccountSettings", reads=True)
def get_account_settings(tx: Tx, _p: Params) -> Result:
    functions, size = sql.usage(tx)
    concurrency = tx.limits.function_concurrency_account
    return {
        "AccountLimit": {
            "TotalCodeSize": tx.limits.function_code_storage_max_bytes,
            "CodeSizeUnzipped": tx.limits.function_unzipped_max_bytes,
            "CodeSizeZipped": tx.limits.function_zip_max_bytes,
            "ConcurrentExecutions": concurrency,
            "UnreservedConcurrentExecutions": concurrency - sql.reserved_elsewhere(tx, ""),
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": functions},
    }

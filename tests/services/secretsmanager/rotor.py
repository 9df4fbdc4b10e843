"""A rotation function as AWS's template has it, and a database whose password it changes."""

from __future__ import annotations

from typing import Any

from owari.compute.base import Spec
from owari.compute.fake import FunctionError
from owari.errors import ServiceError
from tests.services.lambda_.support import arn, create
from tests.services.secretsmanager.conftest import Vault
from tests.support.world import Disconnected

FUNCTION = arn("rotor")


class Rotor:
    """`trouble(step)` is asked before each step, and raises what shall go wrong."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.steps: list[str] = []
        self.password = ""
        self.made = 0
        self.trouble: Any = lambda _step: None
        create(vault.world, "rotor")
        vault.world.compute.handlers["rotor"] = self._handle

    def _handle(self, event: dict[str, Any], _spec: Spec) -> None:
        step, id, token = event["Step"], event["SecretId"], event["ClientRequestToken"]
        assert id.startswith("arn:") and event["RotationToken"]
        self.steps.append(step)
        self.trouble(step)
        described = self._call("DescribeSecret", SecretId=id)
        labels = described["VersionIdsToStages"].get(token, [])
        if not described.get("RotationEnabled") or not labels:
            raise FunctionError("ValueError", f"version {token} is not to be rotated to")
        if "AWSCURRENT" in labels:
            return
        assert "AWSPENDING" in labels
        getattr(self, f"_{step}")(id, token, described)

    def _createSecret(self, id: str, token: str, _described: dict[str, Any]) -> None:
        try:
            self._pending(id, token)
        except FunctionError as error:
            assert error.error_type == "ResourceNotFoundException"
            self.made += 1
            self._call(
                "PutSecretValue", SecretId=id, ClientRequestToken=token,
                SecretString=f"password {self.made}", VersionStages=["AWSPENDING"],
            )  # fmt: skip

    def _setSecret(self, id: str, token: str, _described: dict[str, Any]) -> None:
        self.password = self._pending(id, token)

    def _testSecret(self, id: str, token: str, _described: dict[str, Any]) -> None:
        assert self._pending(id, token) == self.password

    def _finishSecret(self, id: str, token: str, described: dict[str, Any]) -> None:
        stages = described["VersionIdsToStages"]
        (current,) = [version for version, labels in stages.items() if "AWSCURRENT" in labels]
        self._call(
            "UpdateSecretVersionStage", SecretId=id, VersionStage="AWSCURRENT",
            MoveToVersionId=token, RemoveFromVersionId=current,
        )  # fmt: skip

    def _pending(self, id: str, token: str) -> str:
        asked = {"SecretId": id, "VersionId": token, "VersionStage": "AWSPENDING"}
        return str(self._call("GetSecretValue", **asked)["SecretString"])

    def _call(self, operation: str, **params: Any) -> dict[str, Any]:
        """As an SDK does: tries again when the connection breaks."""
        for _ in range(10):
            try:
                return self.vault.call(operation, **params)
            except Disconnected:
                continue
            except ServiceError as error:
                raise FunctionError(error.code, error.message) from error
        raise FunctionError("ConnectionError", "gave up")

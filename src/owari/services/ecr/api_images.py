"""Images: those the user has mapped to names of the repository; and the registry's password."""

from __future__ import annotations

import base64

from owari.errors import ServiceError
from owari.services.ecr import tables
from owari.services.ecr.core import Mapped, images_of, uri_of
from owari.services.ecr.paging import page_of
from owari.store.mapped import mapped_images
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

TOKEN_LASTS_S = 12 * 3600.0


@operation("ecr", "ListImages", reads=True)
def list_images(tx: Tx, p: Params) -> Result:
    if (p.get("filter") or {}).get("tagStatus") == "UNTAGGED":
        return {"imageIds": []}
    found = [{"imageDigest": i.digest, "imageTag": i.tag} for i in _images(tx, p)]
    return page_of(p, "imageIds", found)


@operation("ecr", "DescribeImages", reads=True)
def describe_images(tx: Tx, p: Params) -> Result:
    """Size and date of push are not told: nothing was pushed."""
    images = _images(tx, p)
    for asked in p.get("imageIds", ()):
        if not any(_is(image, asked) for image in images):
            raise ServiceError(
                "ImageNotFoundException",
                f"The image with imageId {{imageDigest:'{asked.get('imageDigest', 'null')}',"
                f" imageTag:'{asked.get('imageTag', 'null')}'}} does not exist within the"
                f" repository with name '{p['repositoryName']}' in the registry with id"
                f" '{tx.account}'",
            )
    wanted = p.get("imageIds")
    found = [
        {
            "registryId": tx.account,
            "repositoryName": p["repositoryName"],
            "imageDigest": image.digest,
            "imageTags": [image.tag],
        }
        for image in images
        if wanted is None or any(_is(image, asked) for asked in wanted)
    ]
    return page_of(p, "imageDetails", found)


def _images(tx: Tx, p: Params) -> list[Mapped]:
    name = tables.needed(tx, p)["name"]
    return images_of(mapped_images(tx.blobs), tx.account, tx.region, name)


def _is(image: Mapped, asked: dict[str, str]) -> bool:
    wanted = (asked.get("imageTag", image.tag), asked.get("imageDigest", image.digest))
    return wanted == (image.tag, image.digest)


@operation("ecr", "GetAuthorizationToken", reads=True)
def get_authorization_token(tx: Tx, p: Params) -> Result:
    """A password that says whose it is, as session tokens do."""
    expires = tx.real_now + TOKEN_LASTS_S
    data = []
    for account in p.get("registryIds") or [tx.account]:
        password = tx.issuer.issue(account, tx.principal, expires).token
        host = uri_of(account, tx.region, "").rstrip("/")
        data.append(
            {
                "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
                "expiresAt": expires,
                "proxyEndpoint": f"https://{host}",
            }
        )
    return {"authorizationData": data}

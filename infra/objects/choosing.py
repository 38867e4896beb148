"""Which store the operator's settings name."""

from __future__ import annotations

from infra.egress.sigv4 import Signer
from infra.objects.local import LocalStore
from infra.objects.s3 import S3Store
from infra.objects.store import Store
from infra.settings import Settings


def store_of(settings: Settings) -> Store:
    """S3 where its URL is set, else the folder."""
    signer = signer_of(settings)
    return LocalStore(settings.objects_folder) if signer is None else S3Store(settings.objects_s3_url, signer)


def signer_of(settings: Settings) -> Signer | None:
    """Who signs requests to the bucket; None: there is none."""
    if not settings.objects_s3_url or settings.objects_s3_key is None:
        return None
    return Signer(
        access_key=settings.objects_s3_key_id,
        secret_key=settings.objects_s3_key,
        region=settings.objects_s3_region,
        service="s3",
    )

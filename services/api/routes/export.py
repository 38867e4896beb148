from __future__ import annotations

from typing import Final

from litestar import get

from infra import ids
from infra.ids import TenantId
from services.api.access import is_still_admitted
from services.api.call import Call
from services.api.download import Download
from services.api.policy import tenant_paths
from services.archives.exporting import Export
from services.documents.exporting import Files
from tenants.audit import service as audit

MEDIA_TYPE: Final = "application/zip"


@get(tenant_paths("/export"), summary="Export everything", tags=["clients"], media_type=MEDIA_TYPE)
async def export_everything(request: Call) -> Download:
    """All that the environment has, as one ZIP file: rows as JSON lines, archived runs, documents, no secrets.

    For the client itself, since its payloads are in it. A file that ends before its `manifest.json` is not whole.
    """
    tenant, known = request.tenant, request.resources
    export = Export(
        known.database,
        TenantId(tenant.tenant_id),
        client=ids.show("cli", tenant.client_id),
        environment=tenant.environment,
        folder=known.settings.archive_folder,
        documents=Files(known.database, known.documents),
    )
    await export.check()
    async with request.transaction() as session:
        target = ids.show("ten", tenant.tenant_id)
        await audit.record(session, actor=request.principal.actor, action="tenant.exported", target=target)
    name = f"{tenant.client_slug}-{tenant.environment}.zip"
    return Download(export.chunks(), name=name, media_type=MEDIA_TYPE, goes_on=lambda: is_still_admitted(request))


HANDLERS: Final = (export_everything,)

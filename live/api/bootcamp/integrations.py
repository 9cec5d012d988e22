"""Services that somebody connects with their account (B274-B298): one's own only, and a token that came in is never shown again."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from live.api.bootcamp.opening import Opened, open_bootcamp
from live.api.call import Call
from live.api.resource import Resource, by_caller
from live.api.route import Family, Paging, Who
from persistence.connection import Connection
from persistence.entities import Entity, made_of
from persistence.models.bootcamp.connection import (
    Integration,
    IntegrationChange,
    NewIntegration,
    NewServiceToken,
    ServiceName,
    ServiceToken,
    ServiceTokenChange,
    StoredIntegration,
    StoredServiceToken,
    SyncStatus,
)
from rooms.ids import UserIdField

family = Family("integrations", "Other services that people connect with their account.")


def _without_tokens(row: BaseModel) -> Mapping[str, Any]:
    fields = {name: getattr(row, name) for name in type(row).model_fields}
    tokens = {name: fields.pop(name) is not None for name in ("access_token", "refresh_token")}
    fields.pop("service_user_id", None)
    return fields | {f"has_{name}": there for name, there in tokens.items()}


async def _shown_integration(_call: Call, _connection: Connection, row: StoredIntegration) -> Integration:
    return Integration.model_validate(_without_tokens(row))


async def _shown_token(_call: Call, _connection: Connection, row: StoredServiceToken) -> ServiceToken:
    return ServiceToken.model_validate(_without_tokens(row))


class IntegrationFilter(Paging):
    user_id: UserIdField | None = None
    sync_status: SyncStatus | None = None


INTEGRATIONS = Resource(
    family,
    "/bootcamp/integrations",
    "integration",
    Entity("bootcamp.fataplus_integration", StoredIntegration),
    shown=_shown_integration,
    model=Integration,
)
INTEGRATIONS.listed("One's own link to Fataplus; for administrators everybody's.", IntegrationFilter)
INTEGRATIONS.read("One link.")
INTEGRATIONS.changed("New tokens, or whether it is active.", IntegrationChange, refuses=("illegal_transition",))
INTEGRATIONS.removed("Ends the link and forgets its tokens.")


@family.post("/bootcamp/integrations", Who.ACCOUNT, status=201, etag=True, refuses=("conflict",))
async def create_integration(call: Call, body: NewIntegration) -> Integration:
    """Links one's account with one at Fataplus, which nobody else may have linked."""
    row_id = call.new_id()
    async with call.writing() as connection:
        await open_bootcamp(connection, call.user)
        await connection.execute("SELECT bootcamp.link_fataplus($1)", body.fataplus_user_id)
        row = await INTEGRATIONS.entity.add(
            connection, call.database.keys, row_id, made_of(body) | by_caller(call, body)
        )
        call.location = f"/bootcamp/integrations/{row_id}"
        return await _shown_integration(call, connection, row)


class ServiceTokenFilter(Paging):
    service_name: ServiceName | None = None
    is_active: bool | None = None


SERVICE_TOKENS = Resource(
    family,
    "/bootcamp/service-tokens",
    "service_token",
    Opened("bootcamp.external_service_tokens", StoredServiceToken),
    shown=_shown_token,
    model=ServiceToken,
)
SERVICE_TOKENS.listed("Services one has connected.", ServiceTokenFilter)
SERVICE_TOKENS.read("One connected service.")
SERVICE_TOKENS.made("Connects a service.", NewServiceToken, given=by_caller, refuses=("conflict",))
SERVICE_TOKENS.changed("New tokens, or whether it is active.", ServiceTokenChange)
SERVICE_TOKENS.removed("Forgets a service.")

"""How one stands with the workbook, in figures (W234, W241)."""

from live.api.call import Call
from live.api.route import Family, Who
from persistence.dashboard import read_dashboard
from persistence.models.dashboard import Dashboard

family = Family("dashboard", "One's workbook at a glance.")


@family.get("/dashboard", Who.ACCOUNT, etag=True)
async def read_own_dashboard(call: Call) -> Dashboard:
    """Progress over all modules, and how many recordings and notes one has. Up to five minutes old but for one's own doing."""
    return await read_dashboard(call.database, call.cache, call.user)

"""What somebody's first page of the workbook shows at a glance (W234)."""

from datetime import datetime

from persistence.models.user import SubscriptionTier
from rooms.feature import Wire
from rooms.ids import AnyId


class Dashboard(Wire):
    """`overall_progress`: percent of all published modules, the unbegun ones too (D11)."""

    id: AnyId
    subscription_tier: SubscriptionTier
    workshop_access_granted: bool
    last_login_at: datetime | None
    overall_progress: int
    modules_started: int
    recordings_count: int
    notes_count: int
    created_at: datetime
    updated_at: datetime

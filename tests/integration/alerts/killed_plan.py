"""What is replayed under kills; made at import, so that a server of processes makes it once."""

from datetime import timedelta

from tests.integration.alerts.replaying import Plan
from tests.integration.alerts.world import DAY, HOUR

PLAN = Plan(
    seed=5,
    alerts=600,
    parts=((100, timedelta(0)), (80, HOUR), (80, DAY), (40, timedelta(seconds=1))),
)
PLAN.world()

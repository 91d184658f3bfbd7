"""The stage `office_hours`."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta, tzinfo
from itertools import count
from zoneinfo import ZoneInfo

from pydantic import Field

from llm_proxy.pipeline import Exchange, Kit, Next, Place, Reply, Stage, StageOptions, Surroundings
from llm_proxy.pipeline.errors import Unavailable

SATURDAY = 5


class OfficeHoursOptions(StageOptions):
    """Options of `office_hours`."""

    opens: time = Field(default=time(9), description="When requests are let through …")
    closes: time = Field(default=time(17), description="… and until when.")
    weekends: bool = Field(default=False, description="Whether the office opens on them too.")
    timezone: ZoneInfo = Field(default=ZoneInfo("UTC"), description="Where the office is.")

    def problems(self, surroundings: Surroundings) -> Iterator[tuple[Place, str]]:
        if self.opens >= self.closes:
            yield ("closes",), f"must be later than {self.opens:%H:%M}, when the office opens"


class OfficeHours(Stage[OfficeHoursOptions]):
    """Refuses what is asked while the office is closed, and says when it opens."""

    Options = OfficeHoursOptions

    def __init__(
        self,
        options: OfficeHoursOptions,
        kit: Kit,
        now: Callable[[tzinfo], datetime] = datetime.now,
    ) -> None:
        super().__init__(options, kit)
        self._now = now

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        now = self._now(self.options.timezone)
        opens = self._opens(now)
        if opens <= now:
            return await call_next(exchange)
        opening = f"{opens:%A at %H:%M %Z}"
        self.tell(exchange, f"closed until {opening}")
        wait = opens.timestamp() - now.timestamp()
        raise Unavailable(f"the office opens on {opening}", retry_after=wait)

    def _opens(self, now: datetime) -> datetime:
        """When it opens next; in the past while it is open."""
        days = (now + timedelta(days=n) for n in count())
        return next(
            datetime.combine(day, self.options.opens, now.tzinfo)
            for day in days
            if now < datetime.combine(day, self.options.closes, now.tzinfo)
            and (self.options.weekends or day.weekday() < SATURDAY)
        )

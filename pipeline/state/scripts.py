"""What a Redis server does in one step, in its own language."""

from dataclasses import dataclass, field
from hashlib import sha1


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script; `digest` is the name by which a server knows it once it has seen it."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        name = sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "digest", name)


KNOCK = Script("redis.call('TIME') return redis.call('SET', KEYS[1], '', 'PX', 1000)")
"""Needs what all others need: that scripts may run, look at the clock, and write."""

SWAP = Script("""
local before = ARGV[2] == 'is' and ARGV[3]
if redis.call('GET', KEYS[1]) ~= before then return 0 end
if ARGV[4] == 'is' then
  redis.call('SET', KEYS[1], ARGV[5], 'PX', ARGV[1])
else
  redis.call('DEL', KEYS[1])
end
return 1
""")
"""Put one value in the place of another, where that is still there.

KEYS: the value's. ARGV: milliseconds to live; "is" and the value before, or "none" and anything;
the same for the value after. Gives 1, or 0 where something else was there, and is still.
"""

TAKE = Script("""
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local limits, fits = {}, true
for i, key in ipairs(KEYS) do
  local most, window, cost = unpack(ARGV, 3 * i - 2, 3 * i)
  local rate, level = most / window, 0
  local kept = redis.call('GET', key)
  if kept then
    local before, at = string.match(kept, '^(%S+) (%S+)$')
    level = math.max(0, before - math.max(0, now - at) * rate)
  end
  limits[i] = {level = level, after = level + cost, rate = rate}
  fits = fits and level + cost <= tonumber(most)
end

local levels = {}
for i, key in ipairs(KEYS) do
  local limit = limits[i]
  if fits then
    local milliseconds = math.max(1, math.ceil(limit.after / limit.rate / 1000))
    redis.call('SET', key, string.format('%.17g %.0f', limit.after, now), 'PX', milliseconds)
  end
  levels[i] = string.format('%.17g', limit.level)
end
return levels
""")
"""Charge all of several limits, or none of them where one is too full; see `charges`.

KEYS: the limits'. ARGV: for each its most, its window in microseconds, and the cost. Gives the
levels before. A limit is kept as its level and when it had that, by the server's clock, until it is
empty.
"""

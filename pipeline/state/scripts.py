"""What a Redis server does in one step, in its own language."""

from dataclasses import field
from hashlib import sha1

from llm_proxy.pipeline.record import record


@record
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
if ARGV[2] ~= 'any' then
  local now = redis.call('GET', KEYS[1])
  if now ~= (ARGV[2] == 'is' and ARGV[3]) then return {now} end
end
if ARGV[4] == 'is' then
  redis.call('SET', KEYS[1], ARGV[5], 'PX', ARGV[1])
else
  redis.call('DEL', KEYS[1])
end
return 1
""")
"""Put one value in the place of another, where that is still there.

KEYS: the value's. ARGV: milliseconds to live; "is" and the value before, or "none" or "any" and
anything; the same for the value after. Gives 1, or in a list what is there instead, and stays.
"""

_LIMITS = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local words = {}
for word in string.gmatch(ARGV[1], '%S+') do words[#words + 1] = word end
local lease, id = tonumber(words[1]), words[2]

local function read(i, most, window)
  local limit = {key = KEYS[2 * i - 1], leases = KEYS[2 * i], rate = 0, level = 0, held = 0}
  if tonumber(window) > 0 then limit.rate = most / window end
  local kept = redis.call('GET', limit.key)
  if kept then
    local level, at, held = string.match(kept, '^(%S+) (%S+) (%S+)$')
    limit.level = math.max(0, level - math.max(0, now - at) * limit.rate)
    limit.held = tonumber(held)
  end
  return limit
end

local function if_none_is_left(limit)
  if redis.call('EXISTS', limit.leases) == 0 then limit.held = 0 end
end

local function free(limit)
  local over = redis.call('ZRANGEBYSCORE', limit.leases, '-inf', now)
  for _, one in ipairs(over) do
    limit.held = limit.held - string.match(one, '%S+$')
    redis.call('ZREM', limit.leases, one)
  end
  if_none_is_left(limit)
end

local function hold(limit, cost)
  local one = id .. ' ' .. cost
  limit.held = limit.held + redis.call('ZADD', limit.leases, now + lease, one) * cost
  redis.call('PEXPIRE', limit.leases, math.ceil(lease / 1000))
end

local function write(limit)
  local lives = limit.held > 0 and lease or 1000
  if limit.rate > 0 then lives = math.max(lives, limit.level / limit.rate) end
  local kept = string.format('%.17g %.0f %.17g', limit.level, now, limit.held)
  redis.call('SET', limit.key, kept, 'PX', math.ceil(lives / 1000))
end
"""
"""What scripts about limits begin with.

KEYS: for each limit its own and that of its leases. ARGV: one text, for a client pays for each
argument: the microseconds of a lease, its id, and then for each limit its most, its window in
microseconds, the cost, and whether that is held, 1 or 0. A limit is kept as its level, when it had
that, by the server's clock, and how much is held besides, until it is empty. Its leases are a
sorted set by when they end; each is its id and how much is held under it.
"""

TAKE = Script(f"""{_LIMITS}
local limits, fits = {{}}, true
for i = 1, #KEYS / 2 do
  local most, window, cost, is_held = unpack(words, 4 * i - 1, 4 * i + 2)
  local limit = read(i, most, window)
  limit.is_held = is_held == '1'
  if limit.is_held then free(limit) end
  limits[i] = limit
  fits = fits and limit.level + limit.held + cost <= tonumber(most)
end

local levels = {{}}
for i, limit in ipairs(limits) do
  local cost = words[4 * i + 1]
  levels[i] = string.format('%.17g', limit.level + limit.held)
  if fits and limit.is_held then
    hold(limit, cost)
  elseif fits then
    limit.level = limit.level + cost
  end
  if fits or limit.is_held then write(limit) end
end
return levels
""")
"""Charge all of several limits, or none of them where one is too full; see `charges`. Gives the
levels before."""

KEEP = Script(f"""{_LIMITS}
for i = 1, #KEYS / 2 do
  local most, window, cost = unpack(words, 4 * i - 1, 4 * i + 1)
  local limit = read(i, most, window)
  free(limit)
  hold(limit, cost)
  write(limit)
end
""")
"""Hold what is held for the time of a lease from now."""

SETTLE = Script(f"""{_LIMITS}
for i = 1, #KEYS / 2 do
  local most, window, cost, _, real = unpack(words, 5 * i - 2, 5 * i + 2)
  local limit = read(i, most, window)
  free(limit)
  limit.held = limit.held - redis.call('ZREM', limit.leases, id .. ' ' .. cost) * cost
  if_none_is_left(limit)
  limit.level = limit.level + real
  write(limit)
end
""")
"""Put what a request has come to in the place of what was held for it; this follows for each limit
after the rest."""

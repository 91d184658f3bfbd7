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


KNOCK = Script("return redis.call('SET', KEYS[1], '', 'PX', 1000)")
"""Needs what all others need: that scripts may run, and write."""

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

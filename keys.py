"""`llm-proxy keys`: making, listing and revoking the keys of tenants."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from llm_proxy.load import shared_store
from llm_proxy.pipeline.errors import CannotStart, ConfigError, StateAway
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.keys.ledger import Ledger
from llm_proxy.pipeline.keys.stored import Shown, StoredKey
from llm_proxy.pipeline.limit_texts import budget_of, limit_of, written
from llm_proxy.pipeline.plan import Plan
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.state.store import SharedStore
from llm_proxy.pipeline.values import seconds

T = TypeVar("T")

_HEADS = ("ID", "TENANT", "CREATED", "EXPIRES", "ENDS WITH", "GRANTED")


def add_acts(keys: argparse.ArgumentParser, configured: argparse.ArgumentParser) -> None:
    """Give `llm-proxy keys` what it can do; `configured` is what all commands take."""
    acts = keys.add_subparsers(dest="act", required=True)
    create = acts.add_parser("create", parents=[configured], help="make a key and show it, once")
    listing = acts.add_parser("list", parents=[configured], help="show what there is to know")
    revoke = acts.add_parser("revoke", parents=[configured], help="make a key wrong, everywhere")
    rotate = acts.add_parser("rotate", parents=[configured], help="give a key another secret")
    create.add_argument("--tenant", required=True, metavar="NAME", help="one of the file's")
    listing.add_argument("--tenant", metavar="NAME", help="its keys alone")
    for command in (revoke, rotate):
        command.add_argument("id", metavar="ID", help="of the key, as `keys list` has it")
    for command in (create, listing, revoke, rotate):
        command.add_argument("--json", action="store_true", help="print JSON")
    _add_grants(create)


def _add_grants(create: argparse.ArgumentParser) -> None:
    argument = create.add_argument
    argument("--limits", type=_read(_limits), default=(), help='"60 requests/1m, 5 in_flight"')
    argument("--budget", type=_read(budget_of), metavar="DOLLARS/TIME", help='"20/30d"')
    argument("--models", type=_words, default=(), help='that it may ask: "gpt-*,openai:o3"')
    argument("--backends", type=_words, default=(), help="that it may ask")
    argument("--pipeline", metavar="NAME", help="the chain that its requests take")
    argument("--expires", type=_read(_moment), metavar="WHEN", help="in 30d, or on 2030-01-31")


def run_keys(options: argparse.Namespace, plan: Plan) -> int:
    """Do what was asked for; raises `ConfigError`, and `CannotStart` where state is not there."""
    store = shared_store(plan.config.state)
    if store is None:
        raise ConfigError(["keys are kept in shared state: [state] needs the url of a Redis"])
    if options.act == "create":
        _check(options, plan)
    return asyncio.run(_done(options, store))


async def _done(options: argparse.Namespace, store: SharedStore) -> int:
    act = {"create": _create, "list": _list, "revoke": _revoke, "rotate": _rotate}[options.act]
    try:
        async with store:
            await act(options, Ledger(store, time.time))
    except StateAway as error:
        raise CannotStart(error.for_log) from error
    except LookupError as error:
        raise ConfigError([str(error)]) from error
    return 0


def _check(options: argparse.Namespace, plan: Plan) -> None:
    """Raises `ConfigError` where the file knows nothing of what a key is to be for."""
    tenants = list(plan.config.tenants)
    if options.tenant not in tenants:
        hint = did_you_mean(options.tenant, tenants) or f"; add [tenants.{options.tenant}]"
        raise ConfigError([f'the file has no tenant "{options.tenant}"{hint}'])
    problems = plan.problems_of(_grants(options))
    if told := [f"--{place[0]}: {message}" for place, message in problems]:
        raise ConfigError(told)


def _grants(options: argparse.Namespace) -> Grants:
    budget = (options.budget,) if options.budget else ()
    limits = (*options.limits, *budget)
    return Grants(limits, options.models, options.backends, options.pipeline)


async def _create(options: argparse.Namespace, ledger: Ledger) -> None:
    _show(*await ledger.create(options.tenant, _grants(options), options.expires), options)


async def _rotate(options: argparse.Namespace, ledger: Ledger) -> None:
    _show(*await ledger.rotate(options.id), options)


async def _revoke(options: argparse.Namespace, ledger: Ledger) -> None:
    key = await ledger.revoke(options.id)
    told = f"The key {key.id} of {key.tenant} is wrong from now on; replicas learn it in a second."
    _print(_about(key) if options.json else told)


async def _list(options: argparse.Namespace, ledger: Ledger) -> None:
    keys = [key for key in await ledger.all() if options.tenant in (None, key.tenant)]
    if options.json:
        _print([_about(key) for key in keys])
    elif keys:
        _print(_table([_HEADS, *map(_row, keys)]))
    else:
        print("There are no keys.", file=sys.stderr)  # noqa: T201


def _show(shown: Shown, key: StoredKey, options: argparse.Namespace) -> None:
    """The one time that a key is seen."""
    if options.json:
        _print({"key": shown.text, **_about(key)})
        return
    _print(shown.text)
    ends = f"until {_time(key.expires)}" if key.expires else "until it is revoked"
    told = f"This is the key {key.id} of {key.tenant}, good {ends}. It is shown this once."
    print(told, file=sys.stderr)  # noqa: T201


def _about(key: StoredKey) -> dict[str, Any]:
    grants = key.grants
    return {
        "id": key.id,
        "tenant": key.tenant,
        "created": _iso(key.created),
        "expires": key.expires and _iso(key.expires),
        "last": key.last,
        "limits": [written(limit) for limit in grants.limits],
        "models": grants.models,
        "backends": grants.backends,
        "pipeline": grants.pipeline,
    }


def _row(key: StoredKey) -> Sequence[str]:
    grants = key.grants
    told = {
        "models": " ".join(grants.models),
        "backends": " ".join(grants.backends),
        "pipeline": grants.pipeline,
    }
    granted = [written(limit) for limit in grants.limits]
    granted += [f"{name} {text}" for name, text in told.items() if text]
    expires = _time(key.expires) if key.expires else "never"
    return (key.id, key.tenant, _time(key.created), expires, f"…{key.last}", ", ".join(granted))


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def _print(told: object) -> None:
    print(told if isinstance(told, str) else orjson.dumps(told).decode())  # noqa: T201


def _at(seconds_since_1970: float) -> datetime:
    return datetime.fromtimestamp(seconds_since_1970, UTC)


def _iso(moment: float) -> str:
    return _at(moment).isoformat(timespec="seconds")


def _time(moment: float) -> str:
    return _at(moment).strftime("%Y-%m-%d %H:%M UTC")


def _read(read: Callable[[str], T]) -> Callable[[str], T]:
    """A reader of an argument, whose own words tell what is wrong with it."""

    def told(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return told


def _limits(text: str) -> object:
    return tuple(map(limit_of, _words(text)))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _moment(text: str) -> float:
    """In seconds since 1970, from how long it is until then, or from a date or time, which is in
    UTC unless it says otherwise."""
    now = time.time()
    try:
        moment = _from_now(text, now) or _from_date(text)
        _at(moment)
    except (ValueError, OverflowError, OSError):
        likes = "a time like 30d or a date like 2030-01-31"
        raise ValueError(f'"{text}" is not {likes}') from None
    if moment <= now:
        raise ValueError(f"{text} is over already")
    return moment


def _from_now(text: str, now: float) -> float | None:
    with suppress(ValueError):
        return now + seconds(text)
    return None


def _from_date(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()

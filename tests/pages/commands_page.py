"""Writes `docs/commands.md` from docstrings: `python -m tests.pages.commands_page`."""

from pathlib import Path

from llm_proxy.stages.commands.builtin import BUILTIN

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"

PREFIX = "!/"

HEAD = r'''# Commands in the chat

Made from the commands' docstrings by `make docs`; a test fails where it no longer holds.

With commands a person steers the proxy from inside any client, in the middle of a conversation.

## How to write them

`!/name` or `!/name(value, "another value", key=value)`, at the start of a line. A value with a
comma or a closing bracket stands in quotes, in which `\"` is a quote, `\\` a backslash and `\n` a
line end. Behind a command there may be another one, or text.

```
!/model(anthropic:claude-opus-5)
!/set(temperature=0.2, system_suffix="Be brief, please.")
Why is the sky blue?
```

## Where they count

Only what the user typed in the newest message is a command: never what a tool gave back, what is in
a document or the system prompt, or what the assistant said; and no quoted (`>`) or fenced text,
nor what an agent wraps in tags. A page that an agent has read cannot steer the proxy.
Messages of more than a million characters are not searched.

## What comes of them

- A message of commands alone is answered by the proxy. Nobody else is asked.
- Beside other text they are carried out and cut out, and the rest goes on.
- One that cannot be carried out is answered with `llm-proxy error:` and why. What stood before it
  holds; what stands behind it is neither carried out nor sent.
- The history that a client repeats reaches no model with commands in it, or with the answers to
  them.
- What is set holds for the conversation, which is known by the id that its client sends, else by
  how it began. With curl send `x-session-id: any-name` along.

## In the file

```toml
[stages.commands]
prefix = "!/"                             # what a command begins with
more = ["my_package:MyCommand"]           # commands of your own; installed packages need no mention
disabled = ["project-dir", "pwd"]         # commands that there shall not be
denied = { "key-0a1b2c*" = ["set"], "anonymous*" = ["*"] }
```

`denied` goes from callers to the commands that they may not use; `*` stands for any characters, and
for all commands. Callers are named as in the log: `key-` and the first digits of their key's
SHA-256, or `anonymous` and their address where no key is needed. What is no command is found by
`llm-proxy check`; who is no caller cannot be.

A command of your own is one class with a docstring, which is its page in `!/help`;
[plugins.md](plugins.md) builds one step by step:

```python
from llm_proxy.stages.commands import Call, Command, Desk


class Shout(Command):
    """shout(text)
    Says it aloud."""

    name = "shout"

    async def run(self, call: Call, desk: Desk) -> str:
        return " ".join(call.args).upper()
```

## The commands

| Command | What it does |
|---|---|
'''


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_row(name) for name in BUILTIN)


def _row(name: str) -> str:
    command = BUILTIN[name]()
    return f"| {command.usage(PREFIX)} | {_in_a_cell(command.about(PREFIX))} |\n"


def _in_a_cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""What the corpus is made from: the files of any Python installation, and made-up sentences."""

import re
import sysconfig
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

STDLIB = Path(sysconfig.get_paths()["stdlib"])
PACKAGES = Path(sysconfig.get_paths()["purelib"])

_DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)

_WORDS = """
the a this that one each every some file test model answer question result value server client
request table number list word line page city river house garden winter summer morning night teacher
doctor friend stranger letter engine window door road mountain bread water paper music story error
change branch commit merge check build deploy read write open close find keep lose carry follow turn
begin end hold bring think know believe remember forget small large quick slow old new bright dark
quiet loud simple hard careful early late again never often always perhaps because although before
after while until where when with without under over between behind
"""
_EACH_WORD = tuple(_WORDS.split())


class Chance(Random):
    """Chance that is always the same for one text of the corpus, and knows which half it is in."""

    def __init__(self, seed: str, half: int) -> None:
        super().__init__(seed)
        self._half = half

    def of_files(self, texts: Sequence[str]) -> str:
        """One of these, and never one that the other half may have."""
        return self.choice(texts[self._half :: 2])


@cache
def code_files() -> tuple[str, ...]:
    """The library's sources."""
    return _texts(sorted(STDLIB.glob("*.py")))


@cache
def documents() -> tuple[str, ...]:
    """Licences, changelogs, notes, data and markup that come with installed packages."""
    endings = {".txt", ".md", ".rst", ".json", ".csv", ".toml", ".pyi", ".css", ".js", ".html"}
    found = [path for path in PACKAGES.rglob("*") if path.suffix.lower() in endings]
    licences = [path for path in PACKAGES.rglob("*.dist-info/**/*") if "LICEN" in path.name.upper()]
    return _texts(sorted(path for path in {*found, *licences} if path.is_file())[:4000])


@cache
def paragraphs() -> tuple[str, ...]:
    """Prose of 200 to 900 characters, from the library's own documentation."""
    found: list[str] = []
    for source in code_files():
        for told in _DOCSTRING.findall(source):
            found += [one for one in told.split("\n\n") if _is_prose(one)]
    return tuple(dict.fromkeys(found))


def sentence(chance: Random, words: int) -> str:
    """A sentence of so many words."""
    return " ".join(chance.choices(_EACH_WORD, k=words)).capitalize() + ". "


def paragraph(chance: Random, size: int) -> str:
    """Sentences of about `size` characters in all."""
    text = ""
    while len(text) < size:
        text += sentence(chance, chance.randint(5, 14))
    return text


def word(chance: Random) -> str:
    """One word."""
    return chance.choice(_EACH_WORD)


def _is_prose(text: str) -> bool:
    plain = sum(one.isalpha() or one in " \n,.'" for one in text)
    return 200 <= len(text) <= 900 and plain > 0.95 * len(text)


def _texts(paths: list[Path]) -> tuple[str, ...]:
    texts: list[str] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        if len(text) > 1000:
            texts.append(text[:40_000])
    return tuple(dict.fromkeys(texts))  # a file may be there under two names


def words_apart(size: int) -> bytes:
    """So many bytes of a text in which no word comes twice."""
    words = (f"w{''.join(chr(97 + int(digit)) for digit in str(n))}" for n in range(size // 3 + 1))
    return " ".join(words).encode()[:size]

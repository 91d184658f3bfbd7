"""Byte streams cut the way a network cuts them: anywhere."""

from itertools import pairwise

from hypothesis import strategies as st

marks = st.lists(st.integers(0, 4000), max_size=40)
"""Where to cut; the marks are taken modulo the length of the stream."""


def cut(stream: bytes, at: list[int]) -> list[bytes]:
    bounds = [0, *sorted(mark % (len(stream) + 1) for mark in at), len(stream)]
    return [stream[start:end] for start, end in pairwise(bounds)]


def single_bytes(stream: bytes) -> list[bytes]:
    return [stream[position : position + 1] for position in range(len(stream))]

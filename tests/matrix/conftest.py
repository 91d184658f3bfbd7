"""A proxy in this process before one scripted vendor, also for the tests here."""

from tests.support.one_vendor import before_vendor

__all__ = ["before_vendor"]

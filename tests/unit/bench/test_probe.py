import time

from bench.contestants import vendor, yardstick
from bench.probe import Probe


def test_a_server_is_asked_again_and_again_while_there_is_load() -> None:
    with vendor() as behind, yardstick(behind) as process:
        with Probe(process) as probe:
            time.sleep(0.1)
        assert probe.took
        assert min(probe.took) > 0

"""Rate limits of a host: the pause between two requests, crawl delays, waits that are too long."""

import pytest

from transforms.http.rate_limit import HostRateLimited, HostRateLimiter


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def turns_at(clock: Clock, interval: float = 2.0, longest: float = 60.0) -> HostRateLimiter:
    return HostRateLimiter(interval, clock=clock, sleep=clock.sleep, longest_wait=longest)


def test_a_pause_lies_between_two_requests_to_a_host() -> None:
    clock = Clock()
    turns = turns_at(clock)
    starts: dict[str, list[float]] = {"http://a.test/1": [], "http://A.test/2": [], "http://b.test/": []}
    for address in [*starts, *starts]:
        with turns.turn(address):
            starts[address].append(clock())
            clock.now += 1
    assert sorted(starts["http://a.test/1"] + starts["http://A.test/2"]) == [0, 3, 6, 9]


def test_a_crawl_delay_slows_one_host_and_too_long_a_wait_is_refused() -> None:
    clock = Clock()
    turns = turns_at(clock)
    turns.slow("http://a.test/", 30)
    with turns.turn("http://a.test/"):
        assert clock() == 30
    turns.slow("http://a.test/", 1000)
    with pytest.raises(HostRateLimited), turns.turn("http://a.test/"):
        pass
    with turns.turn("http://b.test/"):
        assert clock() == 30

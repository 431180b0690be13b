"""How `reader` (lemon24/reader) fares against the hostile server of the tests, for the table of docs/fetching.md.

    pip install reader
    python -m tests.helpers.other_readers > tests/data/peers/reader.json

Each case is one process, with requests as `reader` sends them by default; names lead to
the server on loopback, whatever they are. A process is ended after some
seconds, or when it holds too much.
"""

import contextlib
import json
import multiprocessing
import queue
import socket
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trustme

from tests.helpers.hostile import Server
from tests.helpers.hostile_answers import Case
from tests.helpers.hostile_cases import CASES, prepare

SECONDS = 8.0
MAX_MEGABYTES = 1500


def main() -> None:
    """Print the outcome of each case, as JSON."""
    with TemporaryDirectory() as folder:
        bundle = str(Path(folder, "ca.pem"))
        server = trusting_server(bundle)
        found = {f"{case.group}: {case.does}": told(case, *run(case, server, bundle)) for case in CASES}
    json.dump(found, sys.stdout, ensure_ascii=False, indent=1)


def trusting_server(bundle: str) -> Server:
    """Run the server; yield it and its authority's certificate as a file."""
    made: list[trustme.CA] = []
    configure = trustme.CA.configure_trust

    def keep(authority: trustme.CA, context: Any) -> None:
        made.append(authority)
        configure(authority, context)

    trustme.CA.configure_trust = keep  # type: ignore[method-assign, assignment]
    server = Server()
    made[0].cert_pem.write_to_path(bundle)
    return server


def run(case: Case, server: Server, bundle: str) -> tuple[str, int]:
    """Return the outcome of a case, and the number of requests to the server."""
    prepare(case, server)
    context = multiprocessing.get_context("fork")
    answer: Any = context.Queue()
    process = context.Process(target=ask, args=(case, server, bundle, answer))
    process.start()
    outcome, end = "", time.monotonic() + SECONDS
    while not outcome:
        with contextlib.suppress(queue.Empty):
            outcome = answer.get(timeout=0.2)
            break
        if megabytes(process.pid) > MAX_MEGABYTES:
            outcome = f"over {MAX_MEGABYTES} MB of memory"
        elif time.monotonic() > end:
            outcome = f"not done after {SECONDS:.0f} s"
    process.kill()
    process.join()
    return outcome, len(server.requests)


def megabytes(process: int | None) -> int:
    """Return the memory of a process."""
    with contextlib.suppress(OSError, IndexError):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) // 1024
    return 0


def ask(case: Case, server: Server, bundle: str, answer: Any) -> None:
    """Fetch the feed of a case, in a process of its own."""
    import requests.adapters
    from reader import make_reader  # type: ignore[import-not-found]

    requests.adapters.DEFAULT_CA_BUNDLE_PATH = bundle  # type: ignore[attr-defined]
    lookups: dict[str, int] = {}

    def lookup(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if name.endswith(".invalid"):
            raise socket.gaierror(-2, "Name or service not known")
        if name == "slow-names.test":
            time.sleep(2 * SECONDS)
        lookups[name] = lookups.get(name, 0) + 1
        answers = case.names.get(name, [[""]])
        here = server.tls_port if int(port) == 443 else server.port
        ports = [1 if address in case.dead else here for address in answers[min(lookups[name], len(answers)) - 1]]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    socket.getaddrinfo = lookup
    feeds = make_reader(":memory:")
    feeds.add_feed(case.url, allow_invalid_url=True)
    try:
        feeds.update_feed(case.url)
    except BaseException as error:
        answer.put("no id" if "no id or fallback" in str(error) else "failure")
    else:
        entry = next(iter(feeds.get_entries()), None)
        same = entry is not None and entry.title == case.title
        answer.put("read" if same else "nothing in it" if entry is None else "read otherwise")


def told(case: Case, outcome: str, requests: int) -> str:
    """Return an outcome in the words of the table."""
    closed = case.group == "Addresses" or "no connection" in case.then
    first = 0 if case.requests == 0 else 1
    if case.group == "HTTP/2" or case.does == "HTTP/2 over TLS":
        return "no HTTP/2"
    if closed and case.reason is not None and not case.url.endswith((".invalid/feed", "slow-names.test/feed")):
        return "connects" if requests > first else "no connection"
    # The entries of some cases have neither an address nor a guid, without which `reader` takes none.
    return "?" if outcome == "no id" else outcome


if __name__ == "__main__":
    main()

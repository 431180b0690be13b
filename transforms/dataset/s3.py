"""Keeps the clients of S3 that Beam would make anew for each file.

A client takes 0.18 s of CPU to make, six times what an article costs to read,
and serves any number of requests and threads. Beam requests one from `boto3` with
every file that it opens, lists or renames; here it gets the one that this
process has made with the same settings. Importing this module is enough; where
boto3 is not installed it does nothing.
"""

import functools
import os
import types
from typing import Any

from apache_beam.io.aws.clients.s3 import boto3_client


@functools.cache
def _made(process: int, settings: tuple[tuple[str, Any], ...]) -> Any:
    """Return a client of this process: a forked one would share its parent's connections."""
    return _boto3.session.Session().client(**dict(settings))


class _Session:
    """Stands for `boto3.session.Session` where Beam asks for it."""

    def client(self, **settings: Any) -> Any:
        return _made(os.getpid(), tuple(sorted(settings.items())))


_boto3 = boto3_client.boto3
if isinstance(_boto3, types.ModuleType):
    boto3_client.boto3 = types.SimpleNamespace(session=types.SimpleNamespace(Session=_Session))

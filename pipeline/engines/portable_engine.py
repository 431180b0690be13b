"""Any other runner: a job service of Beam, or a runner class by its full name."""

from pipeline.engines.base import Engine


class PortableEngine(Engine):
    """PortableRunner with its `job_endpoint`, or a class that Beam imports."""

    names = ("PortableRunner",)

"""Spark: batch runs by Beam's job server."""

from pipeline.engines.base import Engine


class SparkEngine(Engine):
    """Spark, in the command with `local[*]`, or on a cluster."""

    names = ("SparkRunner",)
    has_jvm_server = True
    master_option = "spark_master_url"

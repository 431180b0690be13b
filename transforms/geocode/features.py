"""GeoNames feature codes and what follows from them."""

_CLASSES = {
    "A": "ADM1 ADM2 ADM3 PCL PCLI PCLD PCLH PCLS ZN",
    "P": "PPL PPLA PPLC PPLX",
    "H": "OCN SEA GULF BAY STRT CHN CNL LK LKS STM RSV SD HBR FLLS RF SHOL GLCR",
    "T": "MT MTS PEN ISL ISLS DSRT PLN PLAT VAL PASS CAPE DLTA VLC HLL CNYN BSN",
    "L": "CONT RGN AREA PRK BDY",
    "R": "ST",
    "S": "BLDG SPOT SQR RUIN MNMT INSM AIRP AIRB",
}
_CLASS_OF = {code: letter for letter, codes in _CLASSES.items() for code in codes.split()}

COUNTRY_CODES = frozenset({"PCLI", "PCLD", "PCLS", "PCLH", "PCL"})


def feature_class(code: str) -> str:
    """GeoNames feature class of a feature code.

    Raises:
        KeyError: the gazetteer has no places of that code.

    >>> feature_class("PPLC"), feature_class("PEN"), feature_class("ADM1")
    ('P', 'T', 'A')
    """
    return _CLASS_OF[code]

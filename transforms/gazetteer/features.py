"""GeoNames feature codes and what follows from them."""

CLASSES = {
    "A": "administrative divisions: countries, states, counties",
    "H": "waters: seas, rivers, lakes",
    "L": "areas: continents, regions, parks",
    "P": "populated places: cities, villages, quarters",
    "R": "roads and railways",
    "S": "buildings, airports and other spots",
    "T": "mountains, islands, valleys and other land forms",
    "U": "under the sea",
    "V": "forests and heaths",
}
"""GeoNames feature class -> what it holds."""

_CODES = {
    "A": "ADM1 ADM1H ADM2 ADM2H ADM3 ADM3H ADM4 ADM4H ADM5 ADM5H ADMD ADMDH LTER PCL PCLD PCLF PCLH PCLI PCLIX PCLS"
    " PRSH TERR ZN ZNB",
    "P": "PPL PPLA PPLA2 PPLA3 PPLA4 PPLA5 PPLC PPLCH PPLCD PPLF PPLG PPLH PPLL PPLQ PPLR PPLS PPLW PPLX STLMT",
    "H": "ANCH BAY BAYS BGHT BNK BOG CAPG CHN CNL CNLA CNLI CNLN CNLSB COVE CRKT CRNT CUTF DCK DOMG DPRG DTCH ESTY"
    " FISH FJD FJDS FLLS FLTM FLTT GLCR GULF GYSR HBR HBRX INLT LBED LGN LGNS LK LKC LKI LKN LKNI LKO LKOI LKS"
    " LKSB LKSC LKSI LKSN LKX MGV MOOR MRSH OCN OVF PND PNDI PNDN PNDS POOL RF RFC RFX RPDS RSV RSVI RSVT RVN SBKH"
    " SD SEA SHOL SILL SPNG SPNS STM STMA STMB STMC STMD STMH STMI STMIX STMM STMQ STMS STMSB STMX STRT SWMP SYSI"
    " TNLC WAD WADB WADJ WADM WADS WADX WHRL WLL WTRC WTRH",
    "L": "AGRC AMUS AREA BSND BSNP BTL CLG CMN CNS COLF CONT CST CTRB DEVH FLD FLDI GASF GRAZ GVL INDS LAND LCTY MILB"
    " MNA MVA NVB OAS OILF PEAT PRK PRT QCKS RES RESA RESF RESH RESN RESP RESV RESW RGN RGNE RGNH RGNL RNGA SALT"
    " SNOW TRB",
    "R": "CSWY OILP PRMN PTGE RD RDA RDB RDCUT RDJCT RJCT RR RRQ RTE RYD ST STKR TNL TNLN TNLRD TNLRR TNLS TRL",
    "S": "ADMF AGRF AIRB AIRF AIRH AIRP AIRQ AIRT AMTH ANS AQC ARCH ARCHV ART ASTR ASYL ATHF ATM BANK BCN BDG BDGQ"
    " BLDA BLDG BLDO BP BRKS BRKW BSTN BTYD BUR BUSTN BUSTP CARN CAVE CH CMP CMPL CMPLA CMPMN CMPO CMPQ CMPRF CMTY"
    " COMC CRRL CSNO CSTL CSTM CTHSE CTRA CTRCM CTRF CTRM CTRR CTRS CVNT DAM DAMQ DAMSB DARY DCKD DCKY DIKE DIP"
    " DPOF EST ESTO ESTR ESTSG ESTT ESTX FCL FNDY FRM FRMQ FRMS FRMT FT FY FYT GATE GDN GHAT GHSE GOSP GOVL GRVE"
    " HERM HLT HMSD HSE HSEC HSP HSPC HSPD HSPL HSTS HTL HUT HUTS INSM ITTR JTY LDNG LEPC LIBR LNDF LOCK LTHSE"
    " MALL MAR MFG MFGB MFGC MFGCU MFGLM MFGM MFGPH MFGQ MFGSG MKT ML MLM MLO MLSG MLSGQ MLSW MLWND MLWTR MN MNAU"
    " MNC MNCR MNCU MNFE MNMT MNN MNQ MNQR MOLE MSQE MSSN MSSNQ MSTY MTRO MUS NOV NSY OBPT OBS OBSR OILJ OILQ OILR"
    " OILT OILW OPRA PAL PGDA PIER PKLT PMPO PMPW PO PP PPQ PRKGT PRKHQ PRN PRNJ PRNQ PS PSH PSN PSTB PSTC PSTP"
    " PYR PYRS QUAY RDCR RDIN RECG RECR REST RET RHSE RKRY RLG RLGR RNCH RSD RSGNL RSRT RSTN RSTNQ RSTP RSTPQ RUIN"
    " SCH SCHA SCHC SCHL SCHM SCHN SCHT SECP SHPF SHRN SHSE SLCE SNTR SPA SPLY SQR STBL STDM STNB STNC STNE STNF"
    " STNI STNM STNR STNS STNW STPS SWT SYG THTR TMB TMPL TNKD TOWR TRAM TRANT TRIG TRMO TWO UNIP UNIV USGE VETF"
    " WALL WALLA WEIR WHRF WRCK WTRW ZNF ZOO",
    "T": "ASPH ATOL BAR BCH BCHS BDLD BLDR BLHL BLOW BNCH BUTE CAPE CFT CLDA CLF CNYN CONE CRDR CRQ CRQS CRTR CUET"
    " DLTA DPR DSRT DUNE DVD ERG FAN FORD FSR GAP GRGE HDLD HLL HLLS HMCK HMDA INTF ISL ISLET ISLF ISLM ISLS ISLT"
    " ISLX ISTH KRST LAVA LEV MESA MND MRN MT MTS NKM NTK NTKS PAN PANS PASS PEN PENX PK PKS PLAT PLATX PLDR PLN"
    " PLNX PROM PT PTS RDGB RDGE REG RK RKFL RKS SAND SBED SCRP SDL SHOR SINK SLID SLP SPIT SPUR TAL TRGD TRR UPLD"
    " VAL VALG VALS VALX VLC",
    "U": "APNU ARCU ARRU BDLU BKSU BNKU BSNU CDAU CNSU CNYU CRSU DEPU EDGU ESCU FANU FLTU FRZU FURU GAPU GLYU HLLU"
    " HLSU HOLU KNLU KNSU LDGU LEVU MESU MNDU MOTU MTU PKSU PKU PLNU PLTU PNLU PRVU RDGU RDSU RFSU RFU RISU SCNU"
    " SCSU SDLU SHFU SHLU SHSU SHVU SILU SLPU SMSU SMU SPRU TERU TMSU TMTU TNGU TRGU TRNU VALU VLSU",
    "V": "BUSH CULT FRST FRSTF GROVE GRSLD GRVC GRVO GRVP GRVPN HTH MDW OCH SCRB TREE TUND VIN VINS",
}
_OURS = {"BSN": "T", "BDY": "L", "SPOT": "S"}
"""Codes of our own: a basin, a border line, a spot of any kind."""
_CLASS_OF = {code: letter for letter, codes in _CODES.items() for code in codes.split()} | _OURS

KNOWN_DIVISIONS = frozenset({"US", "CA", "AU", "GB", "IN", "CN"})
"""Countries whose states and provinces are well known, and spoken of, by their bare names."""

COUNTRY_CODES = frozenset({"PCLI", "PCLD", "PCLF", "PCLS", "PCLH", "PCL"})

_RADII_KM = {
    **dict.fromkeys(("CONT", "OCN"), 2500.0),
    **dict.fromkeys(("SEA",), 400.0),
    **dict.fromkeys(("GULF", "DSRT", "RGN", "RGNE", "RGNH", "MTS", "PLAT", "PLN", "BSN", "BSNP"), 100.0),
    **dict.fromkeys(
        ("PEN", "STRT", "ISLS", "ISL", "CST", "STM", "WAD", "BAY", "SD", "CHN", "ZN", "TERR", "FRST"), 30.0
    ),
    **dict.fromkeys(("PRK", "RES", "RESF", "RESN", "RESW", "RESV", "VAL", "DLTA", "LK", "LKS", "RSV", "AREA"), 15.0),
    **dict.fromkeys(("AIRP", "AIRB", "INSM", "PRT", "FLD", "OILF"), 3.0),
    "ADM1": 100.0,
    "ADM2": 30.0,
    "ADMD": 30.0,
    "ADM3": 12.0,
    "ADM4": 6.0,
    "ADM5": 4.0,
}
_CLASS_RADII_KM = {"A": 15.0, "H": 6.0, "L": 8.0, "P": 2.0, "R": 3.0, "S": 1.0, "T": 5.0, "U": 50.0, "V": 10.0}


def knows(code: str) -> bool:
    """Return True if a feature code is in GeoNames' list of 2025 or our own."""
    return code in _CLASS_OF


def feature_class(code: str) -> str:
    """Return GeoNames feature class of a feature code.

    Raises:
        KeyError: GeoNames had no such code in 2025.

    >>> feature_class("PPLC"), feature_class("PEN"), feature_class("ADM1")
    ('P', 'T', 'A')
    """
    return _CLASS_OF[code]


def usual_radius_km(code: str, letter: str, population: int = 0) -> float:
    """Return the usual radius of a place of this kind, km, where nothing better is known of it.

    >>> usual_radius_km("PPL", "P", 1_000_000), usual_radius_km("AIRP", "S"), usual_radius_km("ADM2", "A")
    (10.0, 3.0, 30.0)
    """
    if letter == "P":
        return max(_CLASS_RADII_KM["P"], 0.01 * population**0.5)
    return _RADII_KM.get(code) or _CLASS_RADII_KM.get(letter, 5.0)

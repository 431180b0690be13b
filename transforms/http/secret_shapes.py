"""Names and values that look like secrets: tokens, keys, passwords, signatures.

A list of names alone misses most of what servers invent. So a name is split
into words (`X-Amz-Signature` -> x, amz, signature), and a value is judged by
its letters: a random token changes between capitals, small letters and digits
far more often than words, slugs and dates do.
"""

import re
import unicodedata
from urllib.parse import unquote

_CERTAIN_WORD = re.compile(
    r"tokens?|secrets?|passwords?|passwd|passphrase|passcode|pwd|pw|signature|sig|hmac|bearer|credentials?|jwt|t?otp"
    r"|authori[sz]ation|psw|passkey|csrf|xsrf|pwdhash|passhash|tkn|tok"
    r"|mdp|passwort|kennwort|senha|contraseña|contrasena|wachtwoord|пароль|密码|密碼"  # password in other languages
)
"""A word of a name that stands for a secret wherever it occurs."""

_LIKELY_WORD = re.compile("key|auth|oauth|pass|session|sid|hash|ticket|cookie|nonce|pin|mfa|crumb|md|sign|signed")
"""A word that stands for a secret in most names."""

_GLUED = re.compile(
    r"token|secret(?!ar)|passw(?:or)?d|passphrase|passcode|signature|credential|apikey|bearer|hmac|authoriz|authoris"
    r"|sess(?:ion)?id|authkey|accesskey|privatekey|userkey|rsskey|feedkey|passkey|saml(?:re|art)|client_?assertion|motdepasse"
)
"""Parts of names that are written without separators; none is a part of another word."""

_CODE = re.compile("auth|oauth|access|invite|invitation|security|verification|verify|login|reset|confirm")
"""A word before `code` that makes it a secret; a code by itself is one too, a `country_code` is not."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-zß-ÿ]+|[а-я]+|[一-鿿]+")
_NAME_LENGTH = 100
"""Characters of a name that are looked at."""

_IDS = re.compile(
    r"[a-z0-9_-]{0,40}(?:id|ids)|(?:.{0,40}[-_])?(?:article|story|item|post|page|p|v|video|slug|url|link|src|image|img"
    r"|q|query|search|tag|title)|utm_.*|guce_.*|_g[al]|cmp",
    re.IGNORECASE,
)
"""Names of parameters whose long values tell which article is meant, or where a reader came from."""

MIN_RANDOM = 20
"""Characters of the shortest value that is judged by its letters."""
MIN_HEX = 32
"""Hexadecimal digits of a token; ids of 24 and fewer are common (MongoDB)."""
_MAX_JUDGED = 4_096
_TOKEN = re.compile(r"[A-Za-z0-9+/_=.~:-]+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_ENCODED = re.compile(r"eyJ[A-Za-z0-9_-]{17,}={0,2}")
"""JSON in base64: `{"` and more."""
_ISSUED = re.compile(
    r"(?:gh[opsur]_|github_pat_|glpat-|glft-|xox[a-z]-|AIza)[A-Za-z0-9_-]{12,255}|sk-[A-Za-z0-9]{16,255}|A[KS]IA[A-Z0-9]{16}"
    r"|(?i:Basic|Bearer|Digest)[ +][^ ]{6,}"
)
"""Secrets whose first letters name their issuer, and values of headers."""
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?")
_CHANGES_SHARE = 0.22
"""Changes between capitals, small letters and digits for each character; random tokens have 0.4 to 0.6."""
_KINDS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_=.~:-", "A" * 26 + "a" * 26 + "0" * 10 + "-" * 8
)
_CHANGE = re.compile(r"(?=Aa|aA|A0|0A|a0|0a)")
_DISTINCT = 10


def words_of(name: str) -> list[str]:
    """Return the words of a parameter's name, in small letters, without digits, brackets and separators.

    >>> words_of("X-Amz-Signature"), words_of("accessToken2"), words_of("apikey[]")
    (['x', 'amz', 'signature'], ['access', 'token'], ['apikey'])
    """
    plain = unquote(name[:_NAME_LENGTH])
    if "%" in plain:  # escaped twice
        plain = unquote(unquote(plain))
    return [word.lower() for word in _WORD.findall(unicodedata.normalize("NFKC", plain))]


def is_secret_name(name: str, *, certain: bool = False) -> bool:
    """Return True if a parameter of this name holds a secret.

    Args:
        name: of the parameter, as in the address.
        certain: leave out names that may also tell which article is meant, such as `key` and `code`.

    >>> [is_secret_name(name) for name in ("auth_code", "code", "country_code", "keyword", "monkey", "author", "pw")]
    [True, True, False, False, False, False, True]
    """
    words = words_of(name)
    if not words:
        return False
    if any(map(_CERTAIN_WORD.fullmatch, words)) or _GLUED.search("".join(words)):
        return True
    if certain:
        return False
    return any(map(_LIKELY_WORD.fullmatch, words)) or _is_code(words)


def _is_code(words: list[str]) -> bool:
    return words[-1] == "code" and (len(words) == 1 or bool(_CODE.fullmatch(words[-2])))


def is_id_name(name: str) -> bool:
    """Return True if a parameter of this name tells which article is meant, or where a reader came from.

    >>> is_id_name("article_id"), is_id_name("fbclid"), is_id_name("x")
    (True, True, False)
    """
    return bool(_IDS.fullmatch(unquote(name[:_NAME_LENGTH])))


def is_jwt(value: str) -> bool:
    """Return True if a value is a JSON Web Token.

    >>> is_jwt("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"), is_jwt("a.b.c")
    (True, False)
    """
    return bool(_JWT.fullmatch(value))


def is_uuid(value: str) -> bool:
    """Return True if a value is a UUID: the id of an article, or after `private` a secret."""
    return bool(_UUID.fullmatch(value))


def is_random(value: str) -> bool:
    """Return True if a value looks like a random token. Slugs, dates, numbers and UUIDs do not.

    >>> is_random("9f86d081884c7d659a2feaa0c55ad015"), is_random("sGk2Vq81LmZx0Tr5Bd7Pw3")
    (True, True)
    >>> is_random("2026-03-01-russia-ukraine-war-kyiv-g7-summit"), is_random("5f3e2b1a9c8d7e6f5a4b3c2d")
    (False, False)
    """
    value = value[:_MAX_JUDGED]
    if _ISSUED.fullmatch(value) or _ENCODED.fullmatch(value):
        return True
    if len(value) < MIN_RANDOM or not _TOKEN.fullmatch(value) or _UUID.fullmatch(value):
        return False
    digits = sum(map(value.count, "0123456789"))
    if _HEX.fullmatch(value):
        return len(value) >= MIN_HEX and digits >= 4 and len(value) - digits >= 4
    if digits < 3 or len(set(value)) < _DISTINCT:
        return is_jwt(value)
    kinds = value.translate(_KINDS)
    return len(_CHANGE.findall(kinds)) >= _CHANGES_SHARE * len(value)

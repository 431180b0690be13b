"""Errors about settings, in one grammar: `section.key: got VALUE; expected RULE`."""


def bad_setting(key: str, value: object, rule: str) -> ValueError:
    """Return the error for a setting that cannot be used.

    Args:
        key: the setting, with its section unless the section is plain from the caller.
        value: its value, shown as Python writes it.
        rule: allowed values, and the way out if there is one.

    >>> bad_setting("extract.batch_size", 0, "a whole number of at least 1")
    ValueError('extract.batch_size: got 0; expected a whole number of at least 1')
    """
    return ValueError(got(key, value, rule))


def got(key: str, value: object, rule: str) -> str:
    """Return the line about a setting that cannot be used; arguments as for `bad_setting`."""
    return f"{key}: got {value!r}; expected {rule}"

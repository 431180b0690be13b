"""English words around demonyms and names of languages."""

import re

from transforms.languages.base import PeopleWords, words

PEOPLES = PeopleWords(
    rare=frozenset({"polish", "pole", "poles", "dane", "danes", "finn", "finns", "swede", "scot", "scots", "lao"}),
    person_endings=("shmen", "chmen", "women", "shman", "chman", "woman"),
    plural="s",
    not_plurals=("ss", "ois"),
    languages=words(
        "english french spanish german russian arabic chinese italian portuguese japanese korean turkish polish"
        " dutch greek hebrew ukrainian farsi persian hindi urdu bengali swedish norwegian danish finnish czech"
        " hungarian romanian bulgarian serbian croatian vietnamese thai indonesian malay welsh irish gaelic somali"
        " amharic"
    ),
    speaking=re.compile(
        r"(?i)\b(?:speak|speaks|spoke|spoken|speaking|learn|learns|learned|learning|study|studied|studying|teach|teaches"
        r"|taught|teaching|understand|understands|translated? (?:in|in)to|written in|fluent in|said in|wrote in|read"
        r"|published in|broadcast in|conducted in|into|(?:spanish|english|french|arabic|russian|german) (?:and|or))\s+$"
    ),
    language_noun=re.compile(
        r"(?i)[\s-](?:language|languages|speaking|speakers?|lessons?|teachers?|class(?:es)?|literature|translations?"
        r"|dictionar(?:y|ies)|subtitles|words?|medium|learners?|department|proficiency|grammar|alphabet)\b"
    ),
    alone=re.compile(r"\s*(?:[.,;:!?)\"”]|$|\n|(?:and|or|but|at|for|on|to|with|as|is|was|are|were|by|from|than|in)\b)"),
    noun=re.compile(r"[ \n](?:[a-z]|[A-Z](?!\w*['’]s\b))|-[a-z]"),
    not_noun=re.compile(
        r"\s(?:and|or|but|nor|is|was|are|were|be|been|has|have|had|who|whom|that|which|in|on|at|to|of|by|for|from|with|as"
        r"|said|says|say|told|will|would|can|could|may|might|should|also|did|does|do|than|when|while|after|before|because"
        r"|if|not|about|into|over|under|through|during|against|among|between|if|so|then|there|they|he|she|it|we|the|a|an"
        r"|this|his|her|their|its|living|killed|held|aged|believed?|think|want|died|voted|came|went|took|live|work)\b"
    ),
    speech=re.compile(r"(?<!s)\s(?:said|says|told|added|wrote)\b"),
    joint=re.compile(r"(?:,?\s(?:and|or|&)\s|/|,\s|-)((?:(?:North|South|East|West|Saudi|Sri) )?[A-Z]\w+)"),
    joint_other=re.compile(r"\s(?:and|or)\s((?!an?other\b|other\b)[a-z]+(?:-[A-Z]\w+)?\s[a-z])"),
    determiner=re.compile(
        r"(?i)\b(?:a|an|the|two|three|four|five|six|seven|eight|nine|ten|many|most|some|all|other|fellow|every|each|no"
        r"|\d+|young|old|born|is|was|are|were|being)\s+$"
    ),
    ethnic_stems=("American", "Indian"),
    ethnic_before=re.compile(r"(?:\b(?:Native|Cherokee)\s|\b(?:African|Latin|Asian|Mexican|Arab|Italian|Irish)[\s-])$"),
    ethnic_pairs=words("American African"),
    ethnic_after=re.compile(r"[\s-](?:Indian|American)s?\b"),
)

"""The seven expressions and the words people use for them."""

from errors import DataError, did_you_mean, pick, printable

EXPRESSIONS = ("Neutral", "Happiness", "Surprise", "Fear", "Anger", "Disgust", "Sadness")
"""Canonical order: the position of a name is its id (the order of Belharbi et al., FG 2024)."""

SYNONYMS = {
    "neutrality": "neutral",
    "happy": "happiness",
    "joy": "happiness",
    "surprised": "surprise",
    "fearful": "fear",
    "afraid": "fear",
    "angry": "anger",
    "disgusted": "disgust",
    "sad": "sadness",
}
"""Other words found in published label files -> canonical name, all in lower case."""

_IDS = {name.lower(): number for number, name in enumerate(EXPRESSIONS)}

_NEAR = 0.7
"""How near a misspelt word must be: at 0.6, `angst`, which is German for fear, suggests angry."""


def named_expression(word: str) -> str:
    """Return the canonical name of an expression that a user names, in any case or as a synonym.

    Raises:
        UsageError: if it is none of the seven, with their names.
    """
    key = word.strip().lower()
    return EXPRESSIONS[pick(_IDS, SYNONYMS.get(key, key), "expression")]


def find_expression(word: str) -> int | None:
    """Return the id of an expression in any case or as a published synonym; None for another."""
    key = word.strip().lower()
    return _IDS.get(SYNONYMS.get(key, key))


def expression_id(word: str, where: str) -> int:
    """Return the id, 0 to 6, of an expression written in any case or as a published synonym.

    Args:
        word: as it stands in a label file.
        where: file and row, for the message.

    Raises:
        DataError: if the word is none of the seven. Bare digits are refused too: every dataset
            counts differently.
    """
    number = find_expression(word)
    if number is not None:
        return number
    key = word.strip().lower()
    known = ", ".join(name.lower() for name in EXPRESSIONS)
    hint = (
        "Digits mean something else in every dataset: "
        "name them in `label_map` of this dataset in params.yaml."
        if key.isdigit()
        else "Correct the label file, "
        "or map the word with `label_map` of this dataset in params.yaml."
    )
    near = did_you_mean(key, [*_IDS, *SYNONYMS], _NEAR)
    raise DataError(where, f"label '{printable(word)}' is none of {known}.{near} {hint}")

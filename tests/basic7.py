"""The label set of the seven basic expressions, and its codebooks."""

from anatomy.codebooks import codebook_of
from labels.reading import read_labels

BASIC7 = read_labels("basic7")
EXPRESSIONS = BASIC7.names


def book7(name="published"):
    """Return what a codebook draws for the seven."""
    return codebook_of(BASIC7, name)

"""The label set that every benchmark uses."""

from labels.reading import read_labels

BASIC7 = read_labels("basic7")
EXPRESSIONS = BASIC7.names

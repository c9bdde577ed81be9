"""Scores against the shares of several people's labels: the block `soft` of scores.json."""

from contracts.files import Contract


class SoftScores(Contract):
    """How well predicted probabilities are the shares that people gave the classes.

    All are means over the faces whose shares are known.

    Attributes:
        known: faces whose shares are known. n: scored faces.
        outside: mean share of the labels for classes that are not told apart here, such as those
            of the dataset that a transferred run does not know; left out of the shares.
        cross_entropy: of the probabilities against the shares, in nats.
        floor: entropy of the shares: no model has less.
        constant: cross-entropy of always answering the mean shares of these very faces.
        accuracy: against the label, on the same faces.
        majority: share of faces whose prediction is the majority's; in a tie, any class of it.
        tied: faces on which several classes have the largest share.
        annotator: mean share of the predicted class: how often one of the people agrees with it.
        ceiling: mean largest share: no model agrees with one of them more often.
        constant_annotator: of always answering the class with the largest mean share.
    """

    known: int
    n: int
    outside: float
    cross_entropy: float
    floor: float
    constant: float
    accuracy: float
    majority: float
    tied: int
    annotator: float
    ceiling: float
    constant_annotator: float

"""What a model is: a backbone that gives features, a head that scores them, a readout that explains, terms to train with."""

from train.records import Method

METHODS: dict[str, Method] = {
    "cam": Method(head="gap", readout="class_map", terms=("cross_entropy",)),
}
"""Published methods. The backbone, and whether the AU alignment term is added, are choices of the run."""

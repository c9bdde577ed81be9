"""What a model is: a backbone, a head, a regime, a readout, terms to train with.

The backbone gives features, the head scores them, the regime changes training, the readout
explains.
"""

from train.records import Method

METHODS: dict[str, Method] = {
    "cam": Method(head="gap", regime="plain", readout="class_map", terms=("cross_entropy",)),
}
"""Published methods. The backbone, and whether AU alignment is added, are choices of the run."""

"""Small examinations of the tiny stores."""

import torch

from train.examination.stage import ExaminationInputs, examine

CPU = torch.device("cpu")


def silent(done, total, note):
    pass


def small(shipped, **examination):
    """Return [evaluate] and [examine] of few faces and masks."""
    evaluation = shipped.evaluate
    box = evaluation.black_box
    box = box.model_copy(
        update={
            "occlusion": box.occlusion.model_copy(update={"cells": 3, "patch": 1}),
            "rise": box.rise.model_copy(update={"masks": 20, "cells": 3}),
        }
    )
    hiding = evaluation.hiding.model_copy(update={"per_class": 1, "steps": 2})
    few = {"black_box": box, "hiding": hiding, "bootstrap": 20, "sheet_px": 16, "split": "all"}
    one = {name: (amounts[-1],) for name, amounts in dict(shipped.examine.degradations).items()}
    degradations = shipped.examine.degradations.model_copy(update=one)
    less = {"mapped_per_class": 2, "degraded_per_class": 1, "degradations": degradations}
    return (
        evaluation.model_copy(update=few),
        shipped.examine.model_copy(update=less | examination),
    )


def examined(tiny, model, out, params, card=None):
    """Examine a model on the tiny stores; return the lines."""
    inputs = ExaminationInputs(str(model), card, None, tiny.faces, tiny.landmarks, CPU)
    return examine(inputs, out, params, silent)

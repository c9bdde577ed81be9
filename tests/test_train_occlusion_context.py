import torch

from progress import silent
from train.occlusion.context import StageContext


def test_a_stage_is_silent_and_keeps_what_is_there_unless_asked():
    context = StageContext(torch.device("cpu"), silent)
    assert not context.rebuild
    context.say("nothing is printed")

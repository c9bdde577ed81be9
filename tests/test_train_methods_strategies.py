import pytest
import torch

from tests.two_faces import two_faces
from train.methods.strategies import STRATEGIES
from train.options import STRATEGY_OPTIONS

OPTIONS = {
    "plain": {},
    "cutmix": {"probability": 1.0},
    "adl": {"drop_p": 0.4, "threshold": 0.1},
    "second_order": {},
    "relabel": {"share": 0.7, "from_epoch": 10, "margin": 0.2, "scope": "batch"},
    "uncertain_mixup": {},
    "mirrored": {"second_view": "augmented"},
    "with_latents": {},
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_all_chance_of_a_batch_comes_from_the_generator(name):
    prepare = STRATEGIES[name](STRATEGY_OPTIONS[name](**OPTIONS[name])).prepare_batch
    before = torch.get_rng_state()
    first, second = (prepare(two_faces(seed=3), 7) for _ in range(2))
    torch.testing.assert_close(first.images_B3HW, second.images_B3HW, atol=0, rtol=0)
    assert torch.equal(torch.get_rng_state(), before)

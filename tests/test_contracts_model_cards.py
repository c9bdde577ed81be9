import pytest
from pydantic import ValidationError

from contracts.model_cards import ModelCard
from train.examination.card_files import read_card, shipped_cards


def test_a_card_needs_every_key():
    card = read_card("ferplus_onnx").model_dump()
    del card["white"]
    with pytest.raises(ValidationError, match="white"):
        ModelCard.model_validate(card)


@pytest.mark.parametrize("name", shipped_cards())
def test_a_shipped_card_says_where_its_facts_are_published(name):
    assert len(read_card(name).conventions) > 20

"""Which pictures of a dataset have a valence and an arousal of their own."""

from collections.abc import Sequence

from contracts.files import VALENCE_AROUSAL_COLUMNS
from store.records import Sample


def brings_values(samples: Sequence[Sample]) -> bool:
    """Say whether any picture has both."""
    return any(_known(one) == len(VALENCE_AROUSAL_COLUMNS) for one in samples)


def value_remarks(samples: Sequence[Sample]) -> list[str]:
    """Return the sentences that tell the user about valence and arousal; none without any."""
    known = [_known(one) for one in samples]
    both, half = known.count(len(VALENCE_AROUSAL_COLUMNS)), known.count(1)
    if not both and not half:
        return []
    lines = [f"valence and arousal: known of {both:,} of {len(samples):,} pictures"]
    if half:
        lines[0] += f"; {half:,} have only one of the two, which does not count"
    return lines


def _known(sample: Sample) -> int:
    return sum(sample.attributes.get(name, "") != "" for name in VALENCE_AROUSAL_COLUMNS)

"""On how many pictures several people's labels are known, and how far they agree."""

from collections.abc import Sequence

import numpy as np

from contracts.surveys import ShareCoverage
from store.records import Sample


def share_coverage(samples: Sequence[Sample]) -> ShareCoverage | None:
    """Count the pictures with shares; None if there are none at all."""
    known = [(one.expression, one.shares) for one in samples if one.shares is not None]
    if not known:
        return None
    votes = sum(shares.votes for _, shares in known)
    outside = sum(shares.outside for _, shares in known)
    return ShareCoverage(
        known=len(known),
        total=len(samples),
        agreement=float(np.mean([shares.agreement for _, shares in known])),
        votes=votes / len(known),
        tied=sum(len(shares.most) > 1 for _, shares in known),
        differing=sum(label not in shares.most for label, shares in known),
        outside=sum(shares.outside > 0 for _, shares in known),
        outside_share=outside / (votes + outside),
    )


def share_remarks(found: ShareCoverage | None) -> list[str]:
    """Return the sentences that tell the user about the shares."""
    if found is None:
        return []
    lines = [
        f"shares of the classes: on {found.known:,} of {found.total:,} pictures, of "
        f"{found.votes:.3g} votes on average; mean agreement (the largest share) "
        f"{found.agreement:.3f}"
    ]
    if found.tied:
        lines.append(f"pictures on which several classes have the largest share: {found.tied:,}")
    if found.differing:
        lines.append(f"pictures whose label is not the majority's: {found.differing:,}")
    if found.outside:
        lines.append(
            f"votes for what is no class of the label set: {found.outside_share:.1%}, on "
            f"{found.outside:,} pictures; the shares are of the others"
        )
    return lines

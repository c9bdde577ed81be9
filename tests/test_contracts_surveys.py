"""audit.json and survey.json."""

import pytest
from pydantic import ValidationError

from benchmarks.made_results import AN_AUDIT
from contracts.surveys import Audit, Findings
from pipeline.datasets.walking import Contents
from pipeline.indexing.audit import audit
from pipeline.indexing.unread import unread_findings


def test_an_audit_comes_back_as_it_was_written():
    one = Audit.model_validate(AN_AUDIT)
    assert Audit.model_validate_json(one.model_dump_json()) == one


def test_every_finding_of_the_audit_has_its_key():
    with pytest.raises(ValidationError, match="stray"):
        Audit.model_validate(AN_AUDIT | {"found": AN_AUDIT["found"] | {"stray": {}}})
    found = {**audit([], [], []), **unread_findings(Contents((), (), (), ()), ())}
    assert list(found) == list(Findings.model_fields)

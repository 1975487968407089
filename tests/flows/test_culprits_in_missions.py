"""Features that merge cleanly and break each other: told by name to the repairer, and in the report."""

from __future__ import annotations

import pytest

from tests.flows.conftest import NewMissions
from tests.flows.stage import Ended, check, feature, milestone, play, shell, workers, write

BASE = {"price.sh": "echo 10\n", "total.sh": "echo $(( $(sh price.sh) * 2 ))\n"}


@pytest.fixture(scope="module")
def repaired(new_missions: NewMissions) -> Ended:
    """`currency` makes prices end with a unit, `tax` goes on reckoning with them, `notes` has nothing to do with it."""
    proofs = {
        "VAL-CURRENCY-001": check('test "$(sh price.sh)" = "10 EUR"'),
        "VAL-TAX-001": check('test "$(sh tax.sh)" = 12'),
        "VAL-NOTES-001": check("test -s notes.md"),
    }
    blueprint = {
        "contract": {name: {"says": f"{name} holds.", "check": proof} for name, proof in proofs.items()},
        "milestones": [
            milestone(
                "one",
                feature("currency", fulfills=["VAL-CURRENCY-001"]),
                feature("notes", fulfills=["VAL-NOTES-001"]),
                feature("tax", fulfills=["VAL-TAX-001"]) | {"spec": "Reckon 20 % tax.\n\nWhole numbers are enough."},
            )
        ],
    }
    script = workers(
        currency=[write("price.sh", "echo 10 EUR\n")],
        notes=[write("notes.md")],
        tax=[write("tax.sh", "echo $(( $(sh price.sh) * 120 / 100 ))\n")],
    )
    mended = write("tax.sh", "echo $(( $(sh price.sh | cut -d' ' -f1) * 120 / 100 ))\n")
    script["repairer"] = {"one": [[shell("! sh tax.sh"), mended]]}
    return play(new_missions(BASE), blueprint, script)


def test_features_that_break_each_other_are_found_and_repaired(repaired: Ended) -> None:
    one = repaired.milestone("one")
    assert (repaired.code, one["rounds"], one["repaired"]) == (0, 2, ["VAL-TAX-001"])
    assert [merge["how"] for merge in one["integration"]["merges"]] == ["clean"] * 3
    [culprits] = one["culprits"]
    assert (culprits["check"], culprits["features"]) == ("VAL-TAX-001", ["currency", "tax"])
    assert culprits["trials"] <= 3 + 1


def test_the_repairer_is_told_the_pair_and_what_each_was_to_do(repaired: Ended) -> None:
    prompt = (repaired.folder / "transcripts" / "repairer.one.1.prompt.md").read_text()
    assert "- `VAL-TAX-001` is broken by the features `currency` and `tax` together." in prompt
    assert "- What `currency` was to do: Make currency.\n" in prompt
    assert "- What `tax` was to do: Reckon 20 % tax.\n\n  Whole numbers are enough.\n" in prompt
    assert "`notes` was to do" not in prompt


def test_the_report_has_a_line_for_the_conflict(repaired: Ended) -> None:
    assert "\n- `currency` and `tax`: `VAL-TAX-001`, found with " in (repaired.folder / "report.md").read_text()

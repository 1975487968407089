from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from validators.bisection import Subset, smallest_breaking_set

FEATURES = [f"f{n}" for n in range(12)]


class Oracle:
    """A check that breaks as soon as all features of one of these sets are there, or at random."""

    def __init__(self, *breaking: frozenset[str]) -> None:
        self.breaking, self.asked = breaking, list[Subset]()

    def breaks(self, subset: Subset) -> bool:
        return any(conflict <= subset for conflict in self.breaking)

    def try_out(self, subset: Subset) -> bool:
        self.asked.append(subset)
        return self.breaks(subset)


def log2(number: int) -> int:
    return math.ceil(math.log2(number))


merged = st.integers(2, len(FEATURES)).map(lambda number: FEATURES[:number])


@settings(max_examples=50, deadline=None)
@given(merged.flatmap(lambda all_: st.tuples(st.just(all_), st.permutations(all_))))
def test_a_pair_is_found_within_the_bound(drawn: tuple[list[str], list[str]]) -> None:
    features, (owner, partner, *_) = drawn
    oracle = Oracle(frozenset((owner, partner)))
    others = [name for name in features if name != owner]
    assert smallest_breaking_set([owner], others, oracle.try_out) == (owner, partner)
    assert len(oracle.asked) <= log2(len(features)) + 1 + 1  # one that confirms the pair
    anonymous = Oracle(frozenset((owner, partner)))
    assert set(smallest_breaking_set([], features, anonymous.try_out)) == {owner, partner}
    assert len(anonymous.asked) <= 2 * log2(len(features)) + 1 + 1


@settings(max_examples=50, deadline=None)
@given(merged, st.sets(st.frozensets(st.sampled_from(FEATURES), min_size=1), min_size=1), st.booleans())
def test_of_what_is_found_no_feature_can_be_left_out(
    features: list[str], conflicts: set[frozenset[str]], owned: bool
) -> None:
    known = FEATURES[:1] if owned else []
    others = [name for name in features if name not in known]
    oracle = Oracle(*(there for each in conflicts if (there := each & set(features))), frozenset(features))
    found = smallest_breaking_set(known, others, oracle.try_out)
    assert oracle.breaks(frozenset(found))
    assert not any(oracle.breaks(frozenset(found) - {name}) for name in found if name not in known)
    steps = len(found) if owned else len(found) + 1
    assert len(oracle.asked) <= steps * (log2(len(features)) + 1)
    assert len(set(oracle.asked)) == len(oracle.asked)


@settings(max_examples=50, deadline=None)
@given(merged, st.booleans(), st.data())
def test_whatever_breaks_and_merges_what_is_found_was_tried_and_broke(
    features: list[str], owned: bool, data: st.DataObject
) -> None:
    known, others = (features[:1], features[1:]) if owned else ([], features)
    everything = frozenset(features)
    fates: dict[Subset, tuple[bool, bool]] = {everything: (True, True)}

    def fate(subset: Subset) -> tuple[bool, bool]:
        if subset not in fates:
            fates[subset] = data.draw(st.tuples(st.booleans(), st.booleans()))
        return fates[subset]

    def try_out(subset: Subset) -> bool:
        assert fate(subset)[0], "it does not merge"
        return fate(subset)[1]

    found = frozenset(smallest_breaking_set(known, others, try_out, lambda subset: fate(subset)[0]))
    assert found == everything or fates[found] == (True, True)
    assert found >= set(known)


def test_a_feature_that_does_not_merge_with_another_alone_is_stepped_around() -> None:
    oracle = Oracle(frozenset("ad"))
    assert smallest_breaking_set("a", "bcd", oracle.try_out, lambda subset: subset != frozenset("ab")) == (*"ad",)
    assert oracle.asked == [frozenset(names) for names in ("a", "ac", "acd", "ad")]


def test_features_that_merge_only_all_together_are_taken_together() -> None:
    oracle = Oracle(frozenset("ac"))
    assert smallest_breaking_set("a", "bcd", oracle.try_out, lambda subset: len(subset) == 1) == (*"abcd",)
    assert oracle.asked == [frozenset("a")]

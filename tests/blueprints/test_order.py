from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.order import all_before, in_order, kept_apart
from blueprints.reach import meeting

NAMES = "abcdef"


@st.composite
def waits(draw: st.DrawFn) -> dict[str, list[str]]:
    """Names in any order, none of which waits in a circle."""
    order = draw(st.permutations(NAMES))
    wanted = {order[0]: set[str]()}
    for place, name in enumerate(order[1:], 1):
        wanted[name] = draw(st.sets(st.sampled_from(order[:place])))
    return {name: sorted(wanted[name]) for name in NAMES}


TOUCHES = st.fixed_dictionaries(
    {name: st.lists(st.sampled_from(["src/**", "src/x.py", "src/y.py", "docs", "*.md"]), max_size=2) for name in NAMES}
)


def test_names_keep_their_order_as_far_as_they_can() -> None:
    assert in_order({"a": ["c"], "b": [], "c": [], "d": ["a"]}) == ["b", "c", "a", "d"]


def test_what_a_name_waits_for_through_others_is_before_it_too() -> None:
    assert all_before({"c": ["b"], "b": ["a"], "a": [], "d": []}) == {
        "a": set(),
        "b": {"a"},
        "c": {"a", "b"},
        "d": set(),
    }


def test_the_later_of_two_waits_and_only_for_what_it_does_not_wait_for_already() -> None:
    touches = {"a": ["x"], "b": ["x"], "c": ["x", "y"], "d": ["y"]}
    assert kept_apart({name: [] for name in touches}, touches) == {"a": [], "b": ["a"], "c": ["b"], "d": ["c"]}


def test_who_is_waited_for_never_waits_back() -> None:
    touches = {"a": ["x"], "b": ["x"], "c": ["x"]}
    assert kept_apart({"a": ["c"], "b": [], "c": []}, touches) == {"b": [], "c": ["b"], "a": []}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(waits(), TOUCHES)
def test_no_two_that_touch_the_same_are_under_way_together(
    needs: dict[str, list[str]], touches: dict[str, list[str]]
) -> None:
    added = kept_apart(needs, touches)
    before = all_before({name: [*needs[name], *added[name]] for name in needs})
    assert len(before) == len(needs)
    for name, others in meeting(touches).items():
        assert all(other in before[name] or name in before[other] for other in others)

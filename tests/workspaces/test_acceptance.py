from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from blueprints.load import Loaded, load
from ledger.events import Kind, read_events
from ledger.settings import Settings
from tests.accepted import one_milestone
from tests.conftest import Missions
from workspaces import git
from workspaces.acceptance import accept

Owner = Callable[..., str]


@pytest.fixture
def settings(missions: Missions) -> Settings:
    return Settings(home=missions.home)


def loaded(missions: Missions, settings: dict[str, str] | None = None, **repository: str) -> Loaded:
    return load(missions.blueprint(one_milestone() | {"repository": repository}), settings)


def refused(what: Loaded, settings: Settings, path: Path | None = None) -> str:
    """The reason why no run was accepted; no run, clone or worktree is there afterwards."""
    with pytest.raises(MissionError) as error:
        accept(what, settings, path=path)
    for folder in ("runs", "repositories", "worktrees"):
        assert not any((settings.home / folder).glob("*"))
    return str(error.value)


def test_the_first_event_says_what_was_accepted(missions: Missions, settings: Settings) -> None:
    what = loaded(missions)
    folder = accept(what, settings, path=missions.repo)
    [event] = read_events(folder.ledger)
    assert event.kind is Kind.MISSION_ACCEPTED
    assert event.data == {
        "run": folder.run,
        "title": "Try it.",
        "plan": what.plan.digest,
        "repository": str(missions.repo),
        "base": git.head(missions.repo),
        "baseBranch": "main",
    }


def test_the_blueprint_is_kept_as_written_with_what_replaced_parts_of_it(
    missions: Missions, settings: Settings
) -> None:
    what = loaded(missions, {"maxConcurrency": "7"})
    folder = accept(what, settings, path=missions.repo)
    assert folder.blueprint.read_text() == what.text + "# --set maxConcurrency=7\n"
    assert folder.plan().blueprint.max_concurrency == 7


def test_the_repository_is_found_from_the_blueprint_s_folder(missions: Missions, settings: Settings) -> None:
    folder = accept(loaded(missions, path="../repo/b"), settings)
    assert read_events(folder.ledger)[0].data["repository"] == str(missions.repo)


def test_another_repository_can_be_given(
    missions: Missions, settings: Settings, new_repo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_repo("other")
    monkeypatch.chdir(other.parent)
    folder = accept(loaded(missions, path="../repo"), settings, path=Path("other"))
    assert read_events(folder.ledger)[0].data["repository"] == str(other)


def test_another_base_branch_is_the_base(missions: Missions, settings: Settings, owner: Owner) -> None:
    owner(missions.repo, "branch", "dev")
    folder = accept(loaded(missions, baseBranch="dev"), settings, path=missions.repo)
    assert read_events(folder.ledger)[0].data["baseBranch"] == "dev"


def test_a_run_that_was_accepted_before_is_found_again(missions: Missions, settings: Settings) -> None:
    what = loaded(missions)
    first = accept(what, settings, path=missions.repo)
    assert accept(what, settings, run=first.run, path=Path("/nowhere")) == first
    assert len(read_events(first.ledger)) == 1


def test_an_acceptance_that_was_cut_short_is_done_anew(missions: Missions, settings: Settings) -> None:
    folder = accept(loaded(missions), settings, path=missions.repo)
    folder.ledger.unlink()
    folder.plan_file.write_text("half")
    assert accept(loaded(missions), settings, run=folder.run, path=missions.repo).plan()


@pytest.mark.parametrize("name", ["..", "../..", "/etc", "a"])
def test_a_run_s_name_cannot_lead_to_another_folder(missions: Missions, settings: Settings, name: str) -> None:
    kept = missions.home / "kept"
    kept.touch()
    with pytest.raises(MissionError, match="is not the name of a run"):
        accept(loaded(missions), settings, run=name, path=missions.repo)
    assert kept.exists()


def test_a_home_inside_the_repository_is_refused(missions: Missions) -> None:
    inside = Settings(home=missions.repo / "b" / "missions")
    assert "set MISSION_HOME to a folder outside" in refused(loaded(missions), inside, missions.repo)
    assert not inside.home.exists()


def test_a_home_that_a_link_leads_into_the_repository_is_refused(missions: Missions, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(missions.repo / "b")
    assert "inside the repository" in refused(loaded(missions), Settings(home=tmp_path / "link"), missions.repo)


def test_a_folder_without_repository_is_refused(missions: Missions, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert "not a git repository" in refused(loaded(missions), settings, tmp_path / "plain")


def test_a_missing_base_branch_is_refused(missions: Missions, settings: Settings) -> None:
    said = refused(loaded(missions, baseBranch="mian"), settings, missions.repo)
    assert "no branch 'mian' to start from; did you mean 'main'?" in said


def test_a_url_is_cloned_into_the_home(missions: Missions, settings: Settings) -> None:
    folder = accept(loaded(missions, url=f"file://{missions.repo}"), settings)
    data = read_events(folder.ledger)[0].data
    assert Path(data["repository"]).is_relative_to(missions.home / "repositories")
    assert data["base"] == git.head(missions.repo)


def test_two_runs_of_a_url_have_a_clone_each(missions: Missions, settings: Settings) -> None:
    what = loaded(missions, url=f"file://{missions.repo}")
    clones = {read_events(accept(what, settings).ledger)[0].data["repository"] for _ in range(2)}
    assert len(clones) == 2


@pytest.mark.parametrize(("branch", "place"), [("none", "repo"), ("main", "nowhere")])
def test_a_url_that_cannot_be_cloned_is_refused(
    missions: Missions, settings: Settings, branch: str, place: str
) -> None:
    url = f"file://{missions.repo.parent / place}"
    said = refused(loaded(missions, url=url, baseBranch=branch), settings)
    assert said.startswith(f"repository.url: {url}: cannot be cloned at branch '{branch}'")


def test_the_repository_is_only_read(missions: Missions, settings: Settings, owner: Owner) -> None:
    before = owner(missions.repo, "show-ref"), sorted((missions.repo / ".git").iterdir())
    accept(loaded(missions), settings, path=missions.repo)
    assert (owner(missions.repo, "show-ref"), sorted((missions.repo / ".git").iterdir())) == before

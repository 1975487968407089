#!/usr/bin/env bash
# Makes DIR a git repository of the boltons library as it was published: prepare.sh DIR
# The commit is the same wherever this runs. Also fetches pytest once, so that the mission's checks need no network.
set -euo pipefail

version=25.0.0
digest=e110fbdc30b7b9868cb604e3f71d4722dd8f4dcb4a5ddd06028ba8f1ab0b5ace

target=${1:?"usage: prepare.sh DIR"}
if [ -e "$target" ]; then
    echo "$target exists already; name a folder that does not" >&2
    exit 2
fi

python=(python3)
python3 -m pip --version >/dev/null 2>&1 || python=(uv run --quiet --no-project --with pip python)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "boltons==$version --hash=sha256:$digest" >"$work/requirements.txt"
"${python[@]}" -m pip download --quiet --no-deps --no-binary :all: --dest "$work" -r "$work/requirements.txt"
tar -xzf "$work/boltons-$version.tar.gz" -C "$work"

mkdir -p "$(dirname "$target")"
mv "$work/boltons-$version" "$target"
cd "$target"
export GIT_AUTHOR_NAME=boltons GIT_AUTHOR_EMAIL=boltons@example.invalid GIT_AUTHOR_DATE=2025-02-02T00:00:00Z
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
git init --quiet --initial-branch=main
git -c core.autocrlf=false add --all
git -c commit.gpgsign=false -c core.hooksPath=/dev/null commit --quiet --message "boltons $version, as published"

uv run --quiet --no-project --python '>=3.9,<3.14' --with 'pytest==8.*' python -c 'import pytest'

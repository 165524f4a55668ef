"""Secrets stay here, captured facts are right, settings mean what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_server.client import builders
from lineage_server.client.capture import Captured, capture
from lineage_server.client.config import CAPTURES, CLIENT_SETTINGS, Config, captures, load_config
from lineage_server.client.place import Program, default_name, this_program
from lineage_server.client.scrub import scrub_argv, scrub_text, scrub_tree
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.secrets import is_secret_name, scrub_uri

# --- scrub -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "passwd",
        "api_key",
        "API-KEY",
        "aws_secret_access_key",
        "auth_token",
        "token",
        "Authorization",
        "client_secret",
        "private_key",
        "HF_TOKEN",
        "sessionCookie",
        "GITHUB_TOKEN",
        "db.pwd",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens",
        "tokenizer",
        "num_tokens",
        "token_count",
        "author",
        "lr",
        "passes",
        "key",
        "monkey",
        "bypass_count",
        "authors",
        "tokens",
    ],
)
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


SECRETS = [
    "AKIAABCDEFGHIJKLMNOP",
    "ghp_" + "a1" * 18,
    "hf_" + "x" * 34,
    "sk-proj-" + "a" * 40,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "x={}", "curl -H 'Authorization: Bearer {}' http://x", '{{"a": "{}"}}']
)
def test_known_shapes_go_wherever_they_stand(secret: str, around: str) -> None:
    assert secret not in scrub_text(around.format(secret))


def test_addresses_lose_their_credentials_only() -> None:
    assert scrub_uri("https://me:pw@host:8080/a?b=1") == "https://host:8080/a?b=1"
    assert scrub_uri("postgresql+psycopg://u:p%40ss@db/x") == "postgresql+psycopg://db/x"
    assert (
        scrub_uri("s3://b/k?X-Amz-Signature=aa&X-Amz-Date=1") == "s3://b/k?X-Amz-Signature=***&X-Amz-Date=1"
    )
    assert scrub_uri("git@github.com:a/b.git") == "git@github.com:a/b.git"
    assert scrub_uri("file:///home/me@work/a") == "file:///home/me@work/a"


def test_command_lines() -> None:
    line = [
        "train.py",
        "--password",
        "hunter2",
        "--lr=0.1",
        "--api-key=abc",
        "--token",
        "-v",
        "DB=postgres://u:p@h/x",
    ]
    assert scrub_argv(line) == [
        "train.py",
        "--password",
        "***",
        "--lr=0.1",
        "--api-key=***",
        "--token",
        "-v",
        "DB=postgres://h/x",
    ]


def test_trees() -> None:
    assert scrub_tree({"a": {"password": "x", "list": ["ok", {"token": "y"}]}}) == {
        "a": {"password": "***", "list": ["ok", {"token": "***"}]}
    }


@given(st.text())
def test_scrubbing_takes_any_text_and_settles(text: str) -> None:
    once = scrub_text(text)
    assert scrub_text(once) == once or len(scrub_text(once)) <= len(once)


# --- builders --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dataset:iris@3", "dataset:iris@3"),
        ("team-a/model:churn@prod", "team-a/model:churn@prod"),
        ("data/iris.csv", None),
        ("C:\\data\\iris.csv", None),
        ("s3://bucket/key", None),
        ("file:///tmp/x", None),
        ("run:0198c0de-0000-7000-8000-000000000001", None),
        ("dataset:", None),
        ("dataset://x", None),
        ("", None),
    ],
)
def test_references_and_paths_are_told_apart(text: str, expected: str | None) -> None:
    found = builders.reference_in(text)
    assert (str(found) if found else None) == expected


@given(st.text(max_size=700))
def test_any_file_name_makes_a_name(name: str) -> None:
    assert builders.clean_name(builders.name_of_file(name), "name")


# --- settings --------------------------------------------------------------------------


def test_settings_come_from_arguments_then_the_environment_then_defaults() -> None:
    env = {
        "LINEAGE_URL": "https://a/",
        "LINEAGE_PROJECT": "team-a",
        "HOME": "/home/x",
        "XDG_CACHE_HOME": "/c",
    }
    config = load_config(environ=env, project="team-b")
    assert (config.url, config.project, config.mode) == ("https://a", "team-b", "online")
    assert config.journal_dir == Path("/home/x/.local/share/lineage/journal")
    assert config.cache_dir == Path("/c/lineage")
    assert config.capture == frozenset(CAPTURES)
    assert load_config(environ={"XDG_DATA_HOME": "/d"}).journal_dir == Path("/d/lineage/journal")


@pytest.mark.parametrize(
    "env",
    [
        {"LINEAGE_URL": "host:80"},
        {"LINEAGE_MODE": "maybe"},
        {"LINEAGE_PROJECT": "a b"},
        {"LINEAGE_CAPTURE": "gti"},
    ],
)
def test_settings_that_make_no_sense_say_so(env: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        load_config(environ=env)


def test_switches() -> None:
    assert captures("none") == frozenset()
    assert captures("git, argv") == {"git", "argv"}
    assert captures("-diff,-gpu") == frozenset(CAPTURES) - {"diff", "gpu"}
    assert captures("all") == frozenset(CAPTURES)


def test_every_setting_is_in_the_table() -> None:
    source = Path(load_config.__code__.co_filename).read_text()
    for name in {word.strip('",()') for word in source.split() if word.startswith('"LINEAGE_')}:
        assert name.rstrip('",') in {s.env for s in CLIENT_SETTINGS}


@pytest.mark.parametrize(
    "env",
    [{"RANK": "3"}, {"OMPI_COMM_WORLD_RANK": "3"}, {"LOCAL_RANK": "3"}, {"RANK": "3", "LOCAL_RANK": "0"}],
)
def test_the_rank_is_found(env: dict[str, str]) -> None:
    assert load_config(environ=env).rank.number == 3


# --- capture ---------------------------------------------------------------------------


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def seen(config: Config, folder: Path, entry: str) -> Captured:
    return capture(config, Program(folder=folder, entry=entry))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "train.py").write_text("print(1)\n")
    (folder / "uv.lock").write_text("locked\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "remote", "add", "origin", "https://user:ghp_secret@example.com/team/repo.git")
    return folder


def test_code_of_a_clean_and_a_changed_tree(repository: Path) -> None:
    config = load_config(environ={}, capture="git,diff,entry")
    script = repository / "train.py"
    clean = seen(config, repository, str(script)).code
    assert clean
    assert (clean.repo, clean.branch, clean.entry) == (
        "https://example.com/team/repo.git",
        "main",
        "train.py",
    )
    assert len(clean.commit) == 40
    assert (clean.dirty_digest, clean.diff) == ("", "")
    script.write_text("password = 'hunter2'\n")
    changed = seen(config, repository, str(script)).code
    (repository / "new.py").write_text("1\n")
    more = seen(config, repository, str(script)).code
    assert changed
    assert more
    assert "hunter2" not in changed.diff
    assert "+password" in changed.diff
    assert len({clean.dirty_digest, changed.dirty_digest, more.dirty_digest}) == 3
    assert "# new: new.py" in more.diff


def test_the_cell_of_a_notebook_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As IPython 9 keeps it; its text without secrets, cut where it is long."""
    noted = ["", "import this", "api_key = 'hush'\nrun = lineage.start_run()"]
    shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=noted))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    config = load_config(environ={}, capture="entry")
    told = capture(config, this_program({})).facts["cell"]
    assert told == {"number": 2, "text": "api_key = '***'\nrun = lineage.start_run()"}
    noted.append("x = 1\n" * 10_000)
    told = capture(config, this_program({})).facts["cell"]
    assert (told["number"], len(told["text"]), told["text"][-1]) == (3, 16 * 1024, "…")
    assert "cell" not in capture(load_config(environ={}, capture="argv"), this_program({})).facts
    for nothing in (None, SimpleNamespace()):  # a library asks for IPython in a plain script
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda shell=nothing: shell))
        assert this_program({}).cell is None
    del noted[1:]
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert this_program({}).cell is None


@pytest.mark.parametrize(
    ("names", "environ", "told"),
    [
        ({"__vsc_ipynb_file__": "/w/a.ipynb"}, {}, "/w/a.ipynb"),
        ({"__session__": "/w/b.ipynb"}, {"JPY_SESSION_NAME": "c.ipynb"}, "/w/b.ipynb"),
        ({}, {"JPY_SESSION_NAME": "/w/c.ipynb"}, "/w/c.ipynb"),
    ],
)
def test_the_notebook_is_told_as_its_front_end_says(
    names: dict[str, str], environ: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = ModuleType("__main__")
    main.__dict__.update(names)
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert this_program(environ).entry == told


def test_a_large_diff_is_cut(repository: Path) -> None:
    (repository / "train.py").write_text("x = 1\n" * 200_000)
    code = seen(load_config(environ={}, capture="git,diff"), repository, "").code
    assert code
    assert 256 * 1024 <= len(code.diff) < 300 * 1024
    assert "cut:" in code.diff


def test_each_part_can_be_switched_off(repository: Path) -> None:
    for part in CAPTURES:
        told = seen(load_config(environ={}, capture=part), repository, "train.py").told()
        assert set(told) <= {"code", "environment", "facts", "gpu"}
    assert seen(load_config(environ={}, capture="none"), repository, "train.py").told() == {}
    only = seen(load_config(environ={}, capture="argv"), repository, "train.py").told()
    assert set(only["facts"]) == {"argv", "cwd"}


def test_environment_is_keyed_by_all_that_is_installed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(environ={"IMAGE_DIGEST": "sha256:aa"}, capture="packages,image")
    locked = seen(config, repository, "").environment
    loose = seen(config, tmp_path, "").environment
    assert locked
    assert loose
    assert locked.image_digest == "sha256:aa"
    assert (bool(locked.lock_digest), bool(loose.lock_digest)) == (True, False)
    assert "pytest" in locked.packages
    assert len(locked.digest) == 71
    assert locked.digest != loose.digest
    # The lock file stays as it is while somebody installs another package.
    monkeypatch.setattr("lineage_server.client.capture.installed", lambda: {"own": "1"})
    other = seen(config, repository, "").environment
    assert other
    assert other.lock_digest == locked.lock_digest
    assert other.digest != locked.digest


def test_only_allowed_variables_and_no_secrets() -> None:
    env = {
        "LINEAGE_CAPTURE_ENV": "CUDA_*, MY_TOKEN, URL",
        "CUDA_HOME": "/c",
        "MY_TOKEN": "x",
        "URL": "http://u:p@h",
        "OTHER": "y",
    }
    told = seen(load_config(environ=env, capture="none"), Path("/"), "").facts
    assert told == {"env": {"CUDA_HOME": "/c", "MY_TOKEN": "***", "URL": "http://h"}}


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"KFP_RUN_ID": "r", "KFP_RUN_NAME": "n"}, {"kfp_run": "r", "kfp_run_name": "n"}),
        (
            {"ARGO_WORKFLOW_UID": "u", "ARGO_WORKFLOW_NAME": "w"},
            {"kfp_run": "u", "kfp_run_name": "w"},
        ),
        (
            {"KFP_RUN_ID": "r", "ARGO_WORKFLOW_UID": "u", "WORKFLOW_ID": "w"},
            {"kfp_run": "r", "kfp_run_name": "w"},
        ),
        ({"KATIB_TRIAL_NAME": "t-1", "KFP_RUN_ID": ""}, {"katib_trial": "t-1"}),
    ],
)
def test_ids_of_pipelines_and_trials(env: dict[str, str], told: dict[str, str]) -> None:
    found = seen(load_config(environ=env, capture="cluster"), Path("/"), "").facts
    assert found == {"cluster": told}
    assert seen(load_config(environ=env, capture="host"), Path("/"), "").facts.get("cluster") is None


def test_ids_of_clusters() -> None:
    env = {"SLURM_JOB_ID": "7", "KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "pod-1", "POD_UID": "u"}
    told = seen(load_config(environ=env, capture="cluster"), Path("/"), "").facts["cluster"]
    assert told["slurm_job"] == "7"
    assert told["kubernetes_pod"] == "pod-1"
    assert told["kubernetes_pod_uid"] == "u"


def test_a_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    told = seen(load_config(environ={}), tmp_path / "gone", "gone.py").told()
    assert told["facts"]


@pytest.mark.parametrize(
    ("entry", "name"),
    [("/a/train.py", "train"), ("module:pkg.train", "pkg.train"), ("", "interactive"), ("nb.ipynb", "nb")],
)
def test_names_of_runs_that_nobody_named(entry: str, name: str) -> None:
    assert default_name(entry) == name

"""Identity: what is put into a uid or a reference comes out again, in every script; what is bad is told."""

from __future__ import annotations

import unicodedata
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import Reference, parse_reference
from lineage_server.domain.nodes import LABEL_OF, PREFIX, ArtifactType, JobKind, Label

RUN = "0198c0de-0000-7000-8000-000000000001"
DIGEST = "sha256:" + "ab" * 32

printable = st.characters(exclude_categories=["Cc", "Cs"])
names = (
    st.text(printable, min_size=1, max_size=30)
    .map(lambda text: unicodedata.normalize("NFC", text).strip())
    .filter(lambda text: text and text == unicodedata.normalize("NFC", text).strip())
)
projects = st.from_regex(r"[a-z0-9](?:[a-z0-9._-]{0,10}[a-z0-9])?", fullmatch=True) | st.sampled_from(
    ["проект", "équipe", "项目-1", "a.b_c-d"]
)
kinds = st.sampled_from([*ArtifactType, *JobKind])

# --- uids ----------------------------------------------------------------------------------------


@given(projects, kinds, names)
def test_uids_name_their_label_and_project(project: str, kind: str, name: str) -> None:
    made = {
        Label.PROJECT: ids.project_uid(project),
        Label.JOB: ids.job_uid(project, kind, name),
        Label.ARTIFACT: ids.artifact_uid(project, kind, name),
        Label.ARTIFACT_VERSION: ids.version_uid(project, kind, name, DIGEST),
        Label.REGISTERED_MODEL: ids.model_uid(project, name),
        Label.MODEL_VERSION: ids.model_version_uid(project, name, "1"),
        Label.ALIAS: ids.alias_uid(project, name, "prod"),
        Label.APPROVAL: ids.approval_uid(project, name, "event-1"),
        Label.DEPLOYMENT: ids.deployment_uid(project, "c1", name, "1"),
        Label.EVENT: ids.event_uid(project, "event-1"),
    }
    for label, uid in made.items():
        assert ids.label_of(uid) is label
        assert ids.clean_uid(uid) is label
        assert ids.project_of(uid) == project
    for uid in (ids.run_uid(RUN), ids.actor_uid("issuer", "kim"), "gpu:GPU-1"):
        assert ids.project_of(uid) == ""


@given(st.lists(st.tuples(st.text("a@%/4025", min_size=1), st.text("a@%/4025", min_size=1)), unique=True))
def test_approvals_of_different_events_or_models_are_different(pairs: list[tuple[str, str]]) -> None:
    uids = [ids.approval_uid("p", model, event) for model, event in [("m@a", "1"), ("m", "a@1"), *pairs]]
    assert len(set(uids)) == len({("m@a", "1"), ("m", "a@1"), *pairs})
    assert ids.approval_uid("p", "m", "0198c0de-1") == "approval:p/m@0198c0de-1"


@given(projects, kinds, names, st.sampled_from([DIGEST, f"run:{RUN}"]))
def test_a_version_knows_its_artifact(project: str, kind: str, name: str, key: str) -> None:
    """Also where the artifact's own name has the sign that separates name and key."""
    uid = ids.version_uid(project, kind, name, key)
    assert ids.artifact_of_version(uid) == ids.artifact_uid(project, kind, name)


def test_every_label_has_its_own_prefix() -> None:
    assert PREFIX.keys() == set(Label)
    assert len(LABEL_OF) == len(PREFIX)
    for label, prefix in PREFIX.items():
        assert ids.label_of(f"{prefix}:x") is label


@pytest.mark.parametrize("uid", ["", ":", "run", "run:", ":x", "Run:x", "what:x", " run:x", "x" * 10_000])
def test_what_is_no_uid_is_told_briefly(uid: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        ids.label_of(uid)
    assert caught.value.field == "uid"
    assert caught.value.allowed
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("tail", ["a\nb", "a\0b", "\ud800", "x" * 7_001, "ж" * 3_600])
def test_uid_of_others_is_checked(tail: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        ids.clean_uid("gpu:" + tail, "routes_to")
    assert caught.value.field == "routes_to"


# --- runs ----------------------------------------------------------------------------------------


@given(st.uuids())
def test_run_id_has_one_form(value: uuid.UUID) -> None:
    for text in (str(value), str(value).upper(), value.hex, f"{{{value}}}", value.urn):
        assert ids.clean_run_id(text) == str(value)


@pytest.mark.parametrize("text", ["", "x", "../../etc/passwd", RUN[:-1], RUN + "0", "ж" * 36, "x" * 100_000])
def test_what_is_no_run_id_is_told(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a UUID") as caught:
        ids.clean_run_id(text)
    assert len(caught.value.message) < 200


def test_new_run_ids_are_unique_and_sort_by_time() -> None:
    made = [ids.new_run_id() for _ in range(2_000)]
    assert len(set(made)) == len(made)
    assert all(ids.clean_run_id(one) == one for one in made)
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in made} == {(7, uuid.RFC_4122)}
    moments = [one[:13] for one in made]
    assert moments == sorted(moments)


def test_watched_run_is_the_same_for_every_witness() -> None:
    assert ids.watched_run_id("c1", "u1") == ids.watched_run_id("c1", "u1")
    assert len({ids.watched_run_id(c, u) for c in ("c1", "c2") for u in ("u1", "u2")}) == 4
    assert ids.clean_run_id(ids.watched_run_id("c1", "u1"))


# --- names, projects, digests ---------------------------------------------------------------------


@given(names)
def test_good_name_stays_and_is_checked_only_once(name: str) -> None:
    cleaned = ids.clean_name(name, "name")
    assert cleaned == unicodedata.normalize("NFC", name)
    assert ids.clean_name(cleaned, "name") == cleaned


def test_two_spellings_of_one_name_are_one_name() -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    assert composed != apart
    assert ids.clean_name(apart, "name") == ids.clean_name(composed, "name") == composed
    assert ids.clean_project(apart) == ids.clean_project(composed) == composed


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("\u3000", "empty"),
        (" a", "white space"),
        ("a\u00a0", "white space"),
        ("a\nb", "control"),
        ("a\0b", "control"),
        ("a\x7fb", "control"),
        ("\ud800", "control"),
        ("ж\u0085ж", "control"),
        ("x" * 501, "501 characters"),
        ("ж" * 100_000, "100000 characters"),
    ],
)
def test_bad_name_is_told_with_its_field(name: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says) as caught:
        ids.clean_name(name, "job")
    assert caught.value.field == "job"
    assert caught.value.message.startswith("job")
    assert caught.value.allowed
    assert len(caught.value.message) < 300


def test_longest_name_is_taken_in_every_script() -> None:
    for letter in ("x", "ж", "模", "\U0001f600"):
        assert ids.clean_name(letter * ids.MAX_NAME, "name") == letter * ids.MAX_NAME


@pytest.mark.parametrize("text", ["", ".", "-a", "a-", "_a", "a/b", "a b", "a:b", "a@b", "x" * 101, "a\n"])
def test_bad_project_is_told(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a project name"):
        ids.clean_project(text)


@given(projects)
def test_good_project_stays(text: str) -> None:
    assert ids.clean_project(text) == unicodedata.normalize("NFC", text)


def test_digests() -> None:
    assert ids.clean_digest(DIGEST.upper()) == DIGEST
    for bad in (
        "",
        "sha256:",
        "ab" * 32,
        "sha256:xyz",
        "sha256:" + "a" * 15,
        "sha256:" + "a" * 129,
        DIGEST + "\n",
    ):
        with pytest.raises(InvalidInputError, match="is not a digest"):
            ids.clean_digest(bad)


# --- references ----------------------------------------------------------------------------------

selectors = st.sampled_from(["", "3", "prod", "latest", DIGEST, "sha256:ab"])
named = names.filter(lambda name: "@" not in name)


@given(projects | st.just(""), kinds, named, selectors)
def test_reference_is_read_as_it_is_written(project: str, kind: str, name: str, selector: str) -> None:
    reference = Reference(str(kind), name, selector, project)
    assert parse_reference(str(reference)) == reference


@given(projects | st.just(""), kinds, names, selectors.filter(bool))
def test_reference_with_a_selector_takes_any_name(project: str, kind: str, name: str, selector: str) -> None:
    reference = Reference(str(kind), name, selector, project)
    assert parse_reference(str(reference)) == reference


def test_references_people_type() -> None:
    assert parse_reference("dataset:iris@3") == Reference("dataset", "iris", "3")
    assert parse_reference("team-a/model:churn@prod") == Reference("model", "churn", "prod", "team-a")
    assert parse_reference(f"run:{RUN.upper()}") == Reference("run", RUN)
    assert parse_reference(f" p/run:{RUN} ") == Reference("run", RUN, "", "p")
    assert parse_reference("dataset:raw/iris.csv") == Reference("dataset", "raw/iris.csv")
    assert parse_reference("dataset:s3://bucket/key@1") == Reference("dataset", "s3://bucket/key", "1")
    assert parse_reference("dataset:cafe\u0301") == Reference("dataset", "caf\u00e9")
    assert parse_reference(f"dataset:iris@{DIGEST}").selector == DIGEST


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "iris", "dataset:", ":iris", "@3", "/dataset:iris", "a b/dataset:iris", "dataset: iris",
        "dataset:@3", "dataset:a\nb", "run:7", "run:" + RUN + "@1", "a/b/dataset:iris", "x" * 100_000,
    ],
)  # fmt: skip
def test_bad_reference_is_told_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_reference(text)
    assert caught.value.field
    assert caught.value.allowed
    assert len(caught.value.message) < 300
    assert str(caught.value).endswith(f"allowed: {caught.value.allowed}")


@given(st.text(max_size=40))
def test_any_text_is_a_reference_or_bad_input(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidInputError:
        return
    assert parse_reference(str(reference)) == reference


def test_events_without_an_id_are_known_by_their_content() -> None:
    assert ids.content_id(b"a") == ids.content_id(b"a") != ids.content_id(b"b")
    assert len(ids.content_id(b"a")) == 40


def test_shortened_text_says_that_it_is_cut() -> None:
    assert ids.shorten("x" * 80) == "x" * 80
    assert ids.shorten("x" * 81) == "x" * 79 + "…"

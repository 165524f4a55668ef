"""What made a run, or a version, what it is: code, command, packages, image, devices, related runs.

``show`` (``showing``) asks for these parts and says them with the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lineage_server.cli.output import bold, counted, say, say_table, short_time, size
from lineage_server.client.render.words import safe, short
from lineage_server.domain.untyped import as_mapping

_CODE = "code { uid repo commit branch entry dirtyDigest }"
_ENVIRONMENT = "environment { uid python lockDigest packageCount } image { image imageDigest }"
_FINGERPRINT = "fingerprint { digest complete missing { part text } seeds { key value } }"
_RELATED = "{ uid name state startedAt endedAt }"
OF_RUN = f"""
  by argv workingDirectory cluster clusterIds {{ key value }} resources usage {_FINGERPRINT}
  host {{ name os machine cpus memoryBytes }} {_CODE} {_ENVIRONMENT}
  gpus {{ uid name product memoryBytes }} clusterNodes {{ name cluster }} volumes {{ name cluster }}
  parent {_RELATED} retryOf {_RELATED} resumedFrom {_RELATED}
  reproduces {_RELATED} reproduction {{ verdict differences reason }}
  reproductions(first: 20) {{
    edges {{ node {{ uid name startedAt reproduction {{ verdict differences reason }} }} }} hasMore
  }}
  retries(first: 20) {{ edges {{ node {_RELATED} }} hasMore }}
  boards(first: 20) {{ edges {{ node {_RELATED} }} hasMore }}
"""
"""Fields of a run."""
OF_MAKER = f"uid name gpuProduct gpuCount {_CODE} {_ENVIRONMENT} {_FINGERPRINT}"
"""Fields of the run that made a version."""
_RUNS = f"runs(first: 10) {{ edges {{ node {_RELATED} }} hasMore }}"
OF_CONTEXT = f"""
  ... on CodeRef {{ repo commit branch entry dirtyDigest {_RUNS} }}
  ... on Environment {{ python lockDigest imageName: image imageDigest packageCount {_RUNS} }}
  ... on Volume {{ cluster {_RUNS} }}
  ... on ClusterNode {{ cluster {_RUNS} }}
  ... on Gpu {{ product memoryBytes {_RUNS} }}
"""
"""Fields of what runs used and ran on."""
_PACKAGES = """
query Packages($uid: String!, $after: String!) {
  node(uid: $uid) { ... on Environment {
    packages(first: 500, after: $after) { edges { node { name version } } hasMore pageInfo { endCursor } }
  } }
}
"""
REPEATS = """
query Repeats($of: String!) {
  repeats(of: $of) {
    repeats { run { uid name startedAt } verdict differences { role own other } } differing isPartial reason
  }
}
"""
_DIFF = "query Diff($uid: String!) { node(uid: $uid) { ... on CodeRef { diff } } }"


# --- asking ------------------------------------------------------------------------------------


def long_parts(client: Any, node: Mapping[str, Any]) -> dict[str, Any]:
    """Packages and uncommitted changes, which only some want to see."""
    told: dict[str, Any] = {}
    own = node["uid"]
    code = own if node["label"] == "CodeRef" else as_mapping(node.get("code")).get("uid")
    environment = own if node["label"] == "Environment" else as_mapping(node.get("environment")).get("uid")
    if environment:
        told["packages"] = dict(_packages(client, environment))
    if code:
        told["uncommitted"] = client.gql(_DIFF, {"uid": code})["node"]["diff"]
    return told


def _packages(client: Any, environment: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    after, more = "", True
    while more:
        page = client.gql(_PACKAGES, {"uid": environment, "after": after})["node"]["packages"]
        out += [(edge["node"]["name"], edge["node"]["version"]) for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"] or "", page["hasMore"]
    return out


# --- in words ----------------------------------------------------------------------------------


def facts_of(node: Mapping[str, Any]) -> dict[str, object]:
    """Of a run, or of what runs used; nothing of any other node."""
    if node["label"] == "Run":
        return {**_made_with(node), **_ran_on(node), **_related(node)}
    if node["label"] == "CodeRef":
        return _code(node)
    used = {
        "python": node.get("python"),
        "packages": node.get("packageCount"),
        "lock": short(node.get("lockDigest") or ""),
        "image": _image({"image": node.get("imageName"), "imageDigest": node.get("imageDigest")}),
        "product": node.get("product"),
        "memory": size(_number(node.get("memoryBytes"))),
    }
    return {key: value for key, value in used.items() if value}


def maker_facts(run: Mapping[str, Any] | None) -> dict[str, object]:
    """The run that made a version, and what it was made with: a few lines."""
    if run is None:
        return {}
    made = _made_with(run, brief=True)
    return {"made by": f"run {run['name']} ({run['uid']})", **made, "made on": _gpu(run)}


def _made_with(run: Mapping[str, Any], *, brief: bool = False) -> dict[str, object]:
    environment = as_mapping(run["environment"])
    count = environment.get("packageCount")
    python = [environment.get("python"), counted(count, "package") if count else ""]
    facts = {
        **_code(as_mapping(run["code"]), brief=brief),
        "command": " ".join(run.get("argv") or ()),
        "python": ", ".join(word for word in python if word),
        "lock": "" if brief else short(environment.get("lockDigest") or ""),
        "image": _image(as_mapping(run["image"])),
        **_fingerprint(as_mapping(run["fingerprint"]), brief=brief),
    }
    return {key: value for key, value in facts.items() if value}


def _fingerprint(told: Mapping[str, Any], *, brief: bool) -> dict[str, object]:
    """What it is, or why it is none to go by; without a seed chance has its part."""
    if not told:
        return {}
    missing = ", ".join(dict.fromkeys(str(one["part"]).lower() for one in told["missing"]))
    facts: dict[str, object] = {
        "fingerprint": short(told["digest"]) if told["complete"] else f"incomplete ({missing})"
    }
    if not brief:
        facts["missing for it"] = "; ".join(one["text"] for one in told["missing"])
        facts["seeds"] = _pairs({one["key"]: one["value"] for one in told["seeds"]}) or "none is known"
    return facts


def _code(code: Mapping[str, Any], *, brief: bool = False) -> dict[str, object]:
    commit = str(code.get("commit") or "")
    marks = [code.get("branch"), "uncommitted changes" if code.get("dirtyDigest") else ""]
    marked = ", ".join(mark for mark in marks if mark)
    words = [commit[:12] if brief else commit, f"({marked})" if marked else ""]
    return {
        "commit": " ".join(word for word in words if word),
        "repository": code.get("repo"),
        "entry": code.get("entry"),
    }


def _image(image: Mapping[str, Any]) -> str:
    name, digest = str(image.get("image") or ""), str(image.get("imageDigest") or "")
    return " ".join(word for word in (name, "" if digest in name else short(digest)) if word)


def _gpu(run: Mapping[str, Any]) -> str:
    count, product = run.get("gpuCount"), run.get("gpuProduct")
    return (
        " ".join(word for word in (f"{count:g} ×" if count else "", product or "GPU") if word)
        if (count or product)
        else ""
    )


def _ran_on(run: Mapping[str, Any]) -> dict[str, object]:
    memory = next((gpu["memoryBytes"] for gpu in run["gpus"] if gpu["memoryBytes"]), None)
    return {
        "run by": run["by"],
        "host": as_mapping(run["host"]).get("name"),
        "node": _places(run["clusterNodes"]),
        "gpu memory": size(_number(memory)),
        "devices": ", ".join(gpu["name"] for gpu in run["gpus"]),
        "volumes": _places(run["volumes"]),
        "asked for": _pairs(run["resources"]),
        "used": _pairs(run["usage"]),
        "known as": ", ".join(f"{one['key']}={one['value']}" for one in run["clusterIds"]),
    }


def _related(run: Mapping[str, Any]) -> dict[str, object]:
    words = {"part of": run["parent"], "retry of": run["retryOf"], "resumed from": run["resumedFrom"]}
    words["again what was"] = run["reproduces"]
    again = as_mapping(run["reproduction"])
    told: dict[str, object] = {"which is": _verdict(again)} if again else {}
    return told | {word: f"run {one['name']} ({one['uid']})" for word, one in words.items() if one}


def _places(nodes: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{one['cluster']}/{one['name']}" for one in nodes)


def _pairs(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(told.items()))


def _number(value: object) -> int | None:
    """64-bit integers may travel as text."""
    return None if value in (None, "") else int(str(value))


def _verdict(told: Mapping[str, Any]) -> str:
    words = {"SAME": "the same", "DIFFERS": "different", "FAILED": "not to be done"}[told["verdict"]]
    why = "; ".join([*told["differences"][:5], *([told["reason"]] if told["reason"] else [])])
    return f"{words}: {why}" if why else words


def say_reproductions(page: Mapping[str, Any] | None) -> None:
    """Runs that did this one again, and what came of it."""
    runs = [edge["node"] for edge in page["edges"]] if page else []
    if runs:
        say()
        say(bold("done again"))
        rows = [
            (one["name"], _verdict(one["reproduction"]) if one["reproduction"] else "not compared",
             short_time(one["startedAt"]), one["uid"])
            for one in runs
        ]  # fmt: skip
        say_table(["run", "which was", "started", "uid"], rows, whole=("uid",), spare=("started",))
    if page and page["hasMore"]:
        say(f"and more than these {len(runs)}")


def say_repeats(told: Mapping[str, Any] | None) -> None:
    """Runs that were the same in all that is known; loudly where they made something else."""
    if not told or not told["repeats"]:
        return
    say()
    say(bold("runs with the same fingerprint"))
    rows: list[tuple[object, ...]] = []
    for one in told["repeats"]:
        run, made = one["run"], _VERDICTS[one["verdict"]].format(_roles(one))
        rows.append((run["name"], made, short_time(run["startedAt"]), run["uid"]))
    say_table(["run", "made", "started", "uid"], rows, whole=("uid",), spare=("started",))
    if told["differing"]:
        say(
            f"{counted(told['differing'], 'run')} made something else though nothing that is known differs: "
            "look for chance (a seed), time, and what no input names"
        )
    if told["isPartial"]:
        say(told["reason"])


_VERDICTS = {"SAME": "the same", "DIFFERS": "something else: {}", "UNKNOWN": "not known"}


def _roles(repeat: Mapping[str, Any]) -> str:
    return ", ".join(one["role"] for one in repeat["differences"])


def say_long_parts(told: Mapping[str, Any]) -> None:
    """All packages, and the uncommitted changes."""
    packages: dict[str, str] = told.get("packages") or {}
    if packages:
        say()
        say(bold(counted(len(packages), "package")))
        say_table(["package", "version"], list(packages.items()))
    if told.get("uncommitted"):
        say()
        say(bold("uncommitted changes"))
        for line in told["uncommitted"].splitlines():
            say(safe(line))

"""The documents that ask what it takes to do a run again; who sends them is ``reproducing.recipe``."""

from __future__ import annotations

_LINKS = (
    "edges { node { role basis version { uid name kind project ordinal digest uri size storedAt } } } "
    "hasMore hidden"
)
FAMILY = f"""
query Family($uids: [String!]!) {{
  nodes(uids: $uids) {{ ... on Run {{
    uid name project jobName runState: state startedAt argv workingDirectory properties paramMap metricMap
    inputs(first: 100) {{ {_LINKS} }} outputs(first: 100) {{ {_LINKS} }}
    parent {{ uid }} children(first: 100) {{ edges {{ node {{ uid }} }} hasMore }}
  }} }}
}}
"""
MEANT = """
query Meant($of: String!, $project: String!) {
  node(uid: $of, project: $project) {
    __typename ... on Run { uid } ... on ArtifactVersion { run { uid } } ... on ModelVersion { run { uid } }
  }
}
"""
KNOWN = """
query Known($of: String!) {
  repeats(of: $of) {
    fingerprint { digest complete missing { part text } seeds { key value } }
    repeats { run { uid } verdict } differing isPartial reason
  }
}
"""

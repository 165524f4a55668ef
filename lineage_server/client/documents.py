"""GraphQL that several modules ask or are answered: the files, or the run, that a reference means."""

from __future__ import annotations

ARTIFACT = "uid name kind ordinal digest uri size sealedAt columns { name type nullable } stats run { uid }"
"""What ``resolve.artifact_from`` reads."""
STORED = f"""
query Version($ref: String!) {{
  version: node(uid: $ref) {{
    __typename uid
    ... on ArtifactVersion {{ deletedAt {ARTIFACT} }}
    ... on ModelVersion {{ deletedAt uri origin {{ deletedAt {ARTIFACT} }} }}
  }}
}}
"""
"""A version; of a registered model what it was made of, or the address that it was registered with."""
RUN = (
    "query RunMeant($ref: String!, $project: String!) { node(uid: $ref, project: $project) { uid project } }"
)
"""A run by the first digits of its id; those of the project before others."""

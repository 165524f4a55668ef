"""ML Metadata at work, in its own environment: one JSON command a line in, one answer a line out.

Runs under the interpreter that ``mlmd.py`` prepared; imports nothing of ours. The workload is that
of ``workload.py``: two inputs sampled from the last 50 outputs, one new output, one execution type,
a context that all belong to. SQLite with its defaults, as the ML Metadata documentation shows it.
"""

import collections
import json
import random
import sys
import time

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

RECENT = 50


class Store:
    """A store on one SQLite file, with the types that the workload needs."""

    def __init__(self, path):
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = path
        config.sqlite.connection_mode = 3
        self.store = metadata_store.MetadataStore(config)
        artifact_type = pb.ArtifactType(name="Dataset", properties={"digest": pb.STRING})
        self.artifact_type = self.store.put_artifact_type(artifact_type)
        self.execution_type = self.store.put_execution_type(pb.ExecutionType(name="train"))
        context_type = self.store.put_context_type(pb.ContextType(name="Project"))
        (context,) = self.store.put_contexts([pb.Context(type_id=context_type, name="bench")])
        self.contexts = self.store.get_contexts_by_id([context])
        self.recent = collections.deque(maxlen=RECENT)
        self.made = 0
        self.random = random.Random(7)

    def new(self):
        self.made += 1
        name = f"{self.made:064x}"
        artifact = pb.Artifact(type_id=self.artifact_type, uri=f"s3://bucket/{name}", name=name)
        artifact.properties["digest"].string_value = "sha256:" + name
        execution = pb.Execution(
            type_id=self.execution_type, name=f"train-{self.made}", last_known_state=pb.Execution.COMPLETE
        )
        return execution, artifact

    def sample(self):
        return self.random.sample(self.recent, 2) if len(self.recent) >= 2 else []

    def put_one(self):
        execution, artifact = self.new()
        pairs = [
            (pb.Artifact(id=i, type_id=self.artifact_type), pb.Event(type=pb.Event.INPUT))
            for i in self.sample()
        ]
        pairs.append((artifact, pb.Event(type=pb.Event.OUTPUT)))
        _, ids, _ = self.store.put_execution(
            execution, pairs, self.contexts, reuse_context_if_already_exist=True
        )
        self.recent.append(ids[-1])

    def put_batch(self, size):
        """Executions of one call; one may read what an earlier one of the same call wrote."""
        executions, artifacts, edges = [], [], []
        for index in range(size):
            execution, artifact = self.new()
            executions.append(execution)
            artifacts.append(artifact)
            for one in self.sample():
                if isinstance(one, tuple):
                    edges.append((index, one[0], pb.Event(type=pb.Event.INPUT)))
                else:
                    edges.append((index, None, pb.Event(type=pb.Event.INPUT, artifact_id=one)))
            edges.append((index, index, pb.Event(type=pb.Event.OUTPUT)))
            self.recent.append((index,))
        _, ids, _ = self.store.put_lineage_subgraph(executions, artifacts, self.contexts, edges, True)
        known = [ids[one[0]] if isinstance(one, tuple) else one for one in self.recent]
        self.recent = collections.deque(known, maxlen=RECENT)

    def timed(self, do, events, seconds, most):
        began = time.perf_counter()
        done = 0
        while done < most and time.perf_counter() - began < seconds:
            do()
            done += events
        return {"events": done, "seconds": time.perf_counter() - began}

    def upstream(self, calls, hops):
        """Times of ``calls`` questions about recent artifacts, and the size of the last answer."""
        times = []
        graph = pb.LineageGraph()
        for _ in range(calls):
            start = self.made - self.random.randrange(min(1000, self.made))
            options = pb.LineageSubgraphQueryOptions(
                starting_artifacts=pb.LineageSubgraphQueryOptions.StartingNodes(filter_query=f"id = {start}"),
                max_num_hops=hops,
                direction=pb.LineageSubgraphQueryOptions.UPSTREAM,
            )
            began = time.perf_counter()
            graph = self.store.get_lineage_subgraph(options)
            times.append(time.perf_counter() - began)
        return {"seconds": times, "artifacts": len(graph.artifacts), "executions": len(graph.executions)}


def main():
    store = Store(sys.argv[1])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        do = asked["do"]
        if do == "one":
            answer = store.timed(store.put_one, 1, asked["seconds"], asked["most"])
        elif do == "batches":
            size = asked["size"]
            answer = store.timed(lambda n=size: store.put_batch(n), size, asked["seconds"], asked["most"])
        else:
            answer = store.upstream(asked["calls"], asked["hops"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

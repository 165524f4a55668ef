/** Where a run took place: machine, cluster, image, packages, what it asked for and used. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Card, Cards } from "@/components/card";
import { EmptyState } from "@/components/empty-state";
import { Facts } from "@/components/facts";
import { KeyTable } from "@/components/key-table";
import { Trouble } from "@/components/trouble";
import { bytes, count } from "@/lib/format";
import { useWords } from "@/lib/words";
import { packagesQuery, surroundingsQuery } from "./run-query";
import type { Surroundings } from "./run-query";

export function EnvironmentPart({ uid }: { uid: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(surroundingsQuery(uid));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={320} />;
  const { host, environment, image, resources, usage } = data;
  const asked = rowsOf(resources);
  const used = rowsOf(usage);
  const cluster = data.clusterNodes.length + data.gpus.length + data.volumes.length + data.clusterIds.length > 0;
  if (!host && !environment && !image && !cluster && asked.length + used.length === 0) {
    return <EmptyState kind="none" title={say("run.environment.none")} why={say("run.environment.none.why")} />;
  }
  return (
    <Cards>
      {host && <Machine data={data} host={host} />}
      {(environment || image) && (
        <Card title={say("run.environment")}>
          <Facts
            facts={[
              [say("run.python"), environment?.python],
              [say("run.lock"), environment?.lockDigest && <code key="lock">{environment.lockDigest}</code>],
              [say("run.image"), image?.image],
              [say("run.image.digest"), image?.imageDigest && <code key="image">{image.imageDigest}</code>],
            ]}
          />
        </Card>
      )}
      {cluster && <Cluster data={data} />}
      {asked.length > 0 && (
        <Card title={say("run.resources")}>
          <KeyTable title={say("run.resource")} label={say("run.resources")} rows={asked} />
        </Card>
      )}
      {used.length > 0 && (
        <Card title={say("run.usage")}>
          <KeyTable title={say("run.resource")} label={say("run.usage")} rows={used} />
        </Card>
      )}
      {environment && environment.packageCount > 0 && (
        <Card title={say("run.packages", { count: environment.packageCount })}>
          <Packages environment={environment.uid} />
        </Card>
      )}
    </Cards>
  );
}

const rowsOf = (told: unknown) => Object.entries((told ?? {}) as Record<string, unknown>).map(([key, value]) => ({ key, value }));

function Machine({ data, host }: { data: Surroundings; host: NonNullable<Surroundings["host"]> }) {
  const { say, language } = useWords();
  return (
    <Card title={say("run.machine")}>
      <Facts
        facts={[
          [say("run.host"), <bdi key="host">{host.name}</bdi>],
          [say("run.os"), host.os],
          [say("run.processor"), host.machine],
          [say("run.cpus"), host.cpus !== null && count(host.cpus, language)],
          [say("run.memory"), host.memoryBytes !== null && bytes(host.memoryBytes, language)],
          [say("run.folder"), data.workingDirectory && <code key="folder">{data.workingDirectory}</code>],
        ]}
      />
    </Card>
  );
}

/** `8 × H200`, not the same name eight times. */
function howMany(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, times]) => (times === 1 ? name : `${times} × ${name}`)).join(", ");
}

function Cluster({ data }: { data: Surroundings }) {
  const { say } = useWords();
  const names = (all: readonly { name: string }[]): string => all.map(({ name }) => name).join(", ");
  return (
    <Card title={say("run.cluster")}>
      <Facts
        facts={[
          [say("run.cluster.name"), data.cluster],
          [say("run.cluster.nodes"), names(data.clusterNodes)],
          [say("run.gpu"), howMany(data.gpus.map(({ product, name }) => product || name))],
          [say("run.volumes"), names(data.volumes)],
          ...data.clusterIds.map(({ key, value }) => [key, value] as const),
        ]}
      />
    </Card>
  );
}

function Packages({ environment }: { environment: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(packagesQuery(environment));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={200} />;
  return (
    <>
      <KeyTable
        title={say("run.package")}
        rows={data.edges.map(({ node }) => ({ key: node.name, value: node.version }))}
      />
      {data.hasMore && <p className="faint">{say("run.packages.more", { count: data.edges.length })}</p>}
    </>
  );
}

/** Who read a version, what they made of it, and where it is in use. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { StateBadge } from "@/components/state-badge";
import { Mark } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { VersionUseDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import { readersOf } from "./readers";
import type { Version } from "./version-query";
import styles from "./artifacts.module.css";

export function VersionUse({ version, project }: { version: Version; project: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery({
    queryKey: ["version-use", version.uid],
    queryFn: ({ signal }) => ask(VersionUseDocument, { uid: version.uid }, signal),
  });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  const readers = readersOf(version.uid, data.lineage.nodes.map(({ node }) => node), data.lineage.edges);
  const { aliases, deployments } = data.impact;
  if (readers.length + aliases.length + deployments.length === 0) {
    return <EmptyState kind="none" title={say("use.none")} why={say("use.none.why")} />;
  }
  return (
    <>
      {(aliases.length > 0 || deployments.length > 0) && (
        <ul className={styles.list} aria-label={say("use.relied")}>
          {aliases.map(({ alias, model, project: of }) => (
            <li key={`${of}/${model}@${alias}`}>
              <Mark>{`${model}@${alias}`}</Mark> <span className="faint">{say("use.alias")}</span>
            </li>
          ))}
          {deployments.map(({ node }) => (
            <li key={node.uid}>
              <Link to="/p/$project/lineage" params={{ project }} search={{ focus: node.uid }}>
                <bdi>{node.name}</bdi>
              </Link>{" "}
              <StateBadge state={node.state} /> <span className="faint">{say("label.Deployment")}</span>
            </li>
          ))}
        </ul>
      )}
      {readers.length > 0 && (
        <ListTable label={say("version.use")} columns={[say("runs.name"), say("runs.state"), say("use.role"), say("runs.started"), say("use.made")]}>
          {readers.map(({ run, role, made }) => (
            <tr key={run.uid}>
              <th scope="row">
                {run.hidden ? (
                  <span>{say("lineage.opaque")}</span>
                ) : (
                  <Link to="/p/$project/runs/$uid" params={{ project, uid: run.uid }}>
                    <bdi>{run.name || run.jobName}</bdi>
                  </Link>
                )}
              </th>
              <td>
                <StateBadge state={run.state} />
              </td>
              <td>
                <bdi>{role}</bdi>
              </td>
              <td>
                <TimeAgo time={run.at} />
              </td>
              <td>
                {made.map((one, at) => (
                  <span key={one.uid}>
                    {at > 0 && ", "}
                    <Link to="/p/$project/artifact" params={{ project: one.project || project }} search={{ of: one.artifact, v: one.uid }}>
                      <bdi>{`${one.name}${one.ordinal === null ? "" : `@${one.ordinal}`}`}</bdi>
                    </Link>
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </ListTable>
      )}
      {data.lineage.isPartial && <p className="faint">{say("lineage.partial")}</p>}
    </>
  );
}

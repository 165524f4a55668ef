/** Impact: what breaks if this is bad. */
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { EmptyState } from "@/components/empty-state";
import { Icon } from "@/components/icon";
import { Trouble } from "@/components/trouble";
import { ImpactDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { headTitle } from "./causes";
import { save } from "./downloads";
import { table } from "./exports";
import { aliasTitle, impactTable } from "./impact";
import styles from "./findings.module.css";

export interface ImpactViewProps {
  project: string;
  of: string;
  asOf: string | undefined;
  look: (id: string) => void;
}

const LABELS = ["Artifact", "ArtifactVersion", "Run", "Job", "RegisteredModel", "ModelVersion", "Deployment"];

export function ImpactView({ project, of, asOf, look }: ImpactViewProps) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery({
    queryKey: ["impact", project, of, asOf],
    queryFn: async ({ signal }) => (await ask(ImpactDocument, { project, of, ...(asOf === undefined ? {} : { asOf }) }, signal)).impact,
  });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height="100%" radius={0} />;
  const counts = Object.entries(data.counts as Record<string, number>).filter(([label]) => LABELS.includes(label));
  const nothing = counts.every(([, count]) => count === 0) && data.hidden === 0;
  if (nothing) return <EmptyState kind="none" title={say("lineage.impact.none")} why={say("lineage.impact.none.why")} />;
  return (
    <section className={styles.page} aria-label={say("lineage.impact")}>
      <header>
        <h2>{say("lineage.impact.title")}</h2>
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="download" size={14} />}
          onClick={() => save("impact.csv", "text/csv", table(impactTable(data)))}
        >
          CSV
        </Button>
      </header>
      {data.isPartial && <p>{say("lineage.partial")}</p>}
      <ul className={styles.counts}>
        {counts.map(([label, count]) => (
          <li key={label}>
            {say(`lineage.impact.count.${label}` as MessageId, { count })}
          </li>
        ))}
        {data.hidden > 0 && <li>{say("lineage.impact.hidden", { count: data.hidden })}</li>}
      </ul>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{say("lineage.impact.what")}</th>
            <th scope="col">{say("lineage.name")}</th>
            <th scope="col">{say("lineage.impact.project")}</th>
            <th scope="col">{say("lineage.impact.steps")}</th>
            <th scope="col">{say("runs.state")}</th>
          </tr>
        </thead>
        <tbody>
          {data.deployments.map(({ node, distance, live }) => (
            <tr key={node.uid}>
              <td>{say("label.Deployment")}</td>
              <td>
                <button type="button" onClick={() => look(node.uid)}>
                  <bdi>{headTitle(node)}</bdi>
                </button>
              </td>
              <td>{node.project}</td>
              <td>{distance}</td>
              <td>{say(live ? "lineage.impact.live" : "lineage.impact.ended")}</td>
            </tr>
          ))}
          {data.aliases.map(({ alias, model, project: where, target, distance, protected: kept }) => (
            <tr key={`${where}/${model}@${alias}`}>
              <td>{say("promote.alias")}</td>
              <td>
                <button type="button" onClick={() => look(target)}>
                  <bdi>{aliasTitle({ model, alias })}</bdi>
                </button>
              </td>
              <td>{where}</td>
              <td>{distance}</td>
              <td>{kept ? say("lineage.impact.protected") : ""}</td>
            </tr>
          ))}
          {data.holds.map(({ node, distance }) => (
            <tr key={node.uid}>
              <td>{say("lineage.impact.hold")}</td>
              <td>
                <button type="button" onClick={() => look(node.uid)}>
                  <bdi>{headTitle(node)}</bdi>
                </button>
              </td>
              <td>{node.project}</td>
              <td>{distance}</td>
              <td />
            </tr>
          ))}
        </tbody>
      </table>
      <h2>{say("lineage.impact.owners")}</h2>
      <ul className={styles.owners}>
        {data.owners.map(({ project: where, owner, nodes }) => (
          <li key={where}>
            <bdi>{say(owner ? "lineage.impact.owner" : "lineage.impact.nobody", { project: where, owner, count: nodes })}</bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}

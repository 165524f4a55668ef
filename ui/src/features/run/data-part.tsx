/** What a run read and what it wrote. */
import { Link } from "@tanstack/react-router";
import { Card, Cards } from "@/components/card";
import { EmptyState } from "@/components/empty-state";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { TimeAgo } from "@/components/time-ago";
import { bytes } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import type { Link as VersionLink, Run } from "./run-query";
import styles from "./data-part.module.css";

export function DataPart({ run, project }: { run: Run; project: string }) {
  const { say } = useWords();
  if (run.inputs.edges.length + run.outputs.edges.length + run.inputs.hidden + run.outputs.hidden === 0) {
    return (
      <EmptyState
        kind="none"
        title={say("run.data.none")}
        why={say("run.data.none.why")}
        snippet={'run.use(data, name="iris", type="dataset")\nrun.produce("classifier", model, type="model")'}
      />
    );
  }
  return (
    <Cards>
      <Versions title={say("run.inputs")} none={say("run.inputs.none")} links={run.inputs} project={project} />
      <Versions title={say("run.outputs")} none={say("run.outputs.none")} links={run.outputs} project={project} />
    </Cards>
  );
}

interface VersionsProps {
  title: string;
  none: string;
  links: Run["inputs"];
  project: string;
}

function Versions({ title, none, links, project }: VersionsProps) {
  const { say, language } = useWords();
  const found = links.edges.map(({ node }) => node);
  return (
    <Card title={title} wide>
      {found.length === 0 && <p className="faint">{none}</p>}
      {found.length > 0 && (
        <section className={styles.frame} tabIndex={0} aria-label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{say("run.version")}</th>
                <th scope="col">{say("run.role")}</th>
                <th scope="col">{say("runs.kind")}</th>
                <th scope="col">{say("run.size")}</th>
                <th scope="col">{say("run.when")}</th>
                <th scope="col">{say("run.basis")}</th>
              </tr>
            </thead>
            <tbody>
              {found.map((link) => (
                <tr key={`${link.role} ${link.version.uid}`}>
                  <th scope="row">
                    <Icon name={kindIcon("ArtifactVersion", link.version.kind)} size={16} />{" "}
                    <Link to="/p/$project/lineage" params={{ project: link.version.project || project }} search={{ focus: link.version.uid }}>
                      <bdi>{nameOf(link)}</bdi>
                    </Link>
                  </th>
                  <td>
                    <bdi>{link.role}</bdi>
                  </td>
                  <td>
                    <bdi>{link.version.kind}</bdi>
                  </td>
                  <td>{link.version.size !== null && bytes(link.version.size, language)}</td>
                  <td>
                    <TimeAgo time={link.at} />
                  </td>
                  <td>{say(`run.basis.${link.basis}` as MessageId)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {links.hasMore && <p className="faint">{say("run.versions.more", { shown: found.length, count: links.totalCount ?? found.length })}</p>}
      {links.hidden > 0 && <p className="faint">{say("run.versions.hidden", { count: links.hidden })}</p>}
    </Card>
  );
}

export const nameOf = ({ version }: VersionLink): string =>
  version.ordinal === null ? version.name : `${version.name}@${version.ordinal}`;

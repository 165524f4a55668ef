/** Versions of a model, and one of them in full. */
import { useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { Facts } from "@/components/facts";
import { Markdown } from "@/components/markdown";
import { NoVersion } from "@/components/no-version";
import { Section } from "@/components/page";
import { StateBadge } from "@/components/state-badge";
import { Mark, Tags } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import { approvalFor } from "./figures";
import { HoldForm } from "./hold-form";
import { approvalsQuery } from "./model-query";
import type { Model, ModelVersion } from "./model-query";
import { PromoteForm } from "./promote-form";
import { RequestForm } from "./request-form";
import { SignatureShown } from "./signature-shown";
import { StateForm } from "./state-form";
import { VersionOrigin } from "./version-origin";
import styles from "./models.module.css";

export interface ModelVersionsProps {
  model: Model;
  versions: readonly ModelVersion[];
  count: number;
  /** the version that the address names; none: the newest */
  asked: string | undefined;
  /** it is still on its way */
  sought: boolean;
}

export function ModelVersions({ model, versions, count, asked, sought }: ModelVersionsProps) {
  const { say, language } = useWords();
  const shown = asked === undefined ? versions[0] : versions.find(({ version }) => version === asked);
  const columns = [say("model.version"), say("runs.state"), say("models.aliases"), say("version.producer"), say("model.figures"), say("models.registered")];
  return (
    <>
      <ListTable label={say("artifacts.versions")} columns={columns}>
        {versions.map((one) => (
          <tr key={one.uid}>
            <th scope="row">
              <Link
                from="/p/$project/model"
                to="/p/$project/model"
                search={(told) => ({ ...told, v: one.version })}
                aria-current={one === shown ? "true" : undefined}
              >
                <bdi>{one.version}</bdi>
              </Link>
            </th>
            <td>
              <StateBadge state={one.state} /> {one.hold && <span className="faint">{say("version.hold")}</span>}
            </td>
            <td>
              <div className={styles.marks}>
                {one.aliases.map((alias) => (
                  <Mark key={alias}>{alias}</Mark>
                ))}
              </div>
            </td>
            <td>
              <VersionOrigin version={one} project={model.project} />
            </td>
            <td data-value>
              {one.metrics.slice(0, 3).map(({ key, value }) => (
                <div key={key}>
                  <bdi>{key}</bdi> {figure(value, language)}
                </div>
              ))}
            </td>
            <td>
              <TimeAgo time={one.createdAt} />
            </td>
          </tr>
        ))}
      </ListTable>
      {!shown && asked !== undefined && !sought && <NoVersion wanted={asked} newest={versions.map(({ version }) => version)} count={count} />}
      {sought && <Skeleton height={240} />}
      {shown && <VersionInFull key={shown.uid} model={model} version={shown} versions={versions} />}
    </>
  );
}

type Opened = "promote" | "request" | "hold" | "state";

interface VersionInFullProps {
  model: Model;
  version: ModelVersion;
  versions: readonly ModelVersion[];
}

function VersionInFull({ model, version, versions }: VersionInFullProps) {
  const { say } = useWords();
  const [opened, setOpened] = useState<Opened>();
  const { data: approvals } = useQuery(approvalsQuery(model));
  const close = (): void => setOpened(undefined);
  const archived = version.state === "archived";
  const actions = (
    <>
      <LineageLinks model={model} version={version} versions={versions} />
      <Button size="xs" onClick={() => setOpened("promote")}>
        {say("model.promote")}
      </Button>
      <Button size="xs" variant="default" onClick={() => setOpened("request")}>
        {say("model.request")}
      </Button>
      <Button size="xs" variant="default" onClick={() => setOpened("hold")}>
        {say(version.hold ? "model.release" : "model.hold")}
      </Button>
      <Button size="xs" variant="default" onClick={() => setOpened("state")}>
        {say(archived ? "model.restore" : "model.archive")}
      </Button>
    </>
  );
  return (
    <Section title={<bdi>{`${model.name}@${version.version}`}</bdi>} actions={actions}>
      {version.description && <bdi>{version.description}</bdi>}
      <Tags tags={version.tags} />
      <VersionFacts version={version} project={model.project} />
      {version.card && <Markdown text={version.card} />}
      {version.signature !== null && <SignatureShown told={version.signature} />}
      {opened === "promote" && (
        <PromoteForm
          model={model}
          versions={versions}
          version={version.version}
          approvalOf={(uid, alias) => approvalFor(approvals?.list ?? [], uid, alias)}
          close={close}
        />
      )}
      {opened === "request" && <RequestForm model={model} versions={versions} version={version.version} close={close} />}
      {opened === "hold" && <HoldForm of={version.uid} held={version.hold} close={close} />}
      {opened === "state" && (
        <StateForm of={version.uid} name={`${model.name}@${version.version}`} archived={archived} close={close} />
      )}
    </Section>
  );
}

/** To what made it, and to why it differs from the one before it. */
function LineageLinks({ model: { project }, version, versions }: VersionInFullProps) {
  const { say } = useWords();
  const before = versions[versions.indexOf(version) + 1];
  return (
    <>
      <Link to="/p/$project/lineage" params={{ project }} search={{ focus: version.uid }}>
        {say("page.lineage")}
      </Link>
      {before && (
        <Link to="/p/$project/lineage" params={{ project }} search={{ focus: version.uid, vs: before.uid }}>
          {say("model.different", { version: before.version })}
        </Link>
      )}
    </>
  );
}

function VersionFacts({ version, project }: { version: ModelVersion; project: string }) {
  const { say, language } = useWords();
  return (
    <>
      <Facts
        facts={[
          [say("version.producer"), version.origin || version.run || version.uri ? <VersionOrigin version={version} project={project} /> : null],
          [
            say("model.figures"),
            version.metrics.length > 0 && (
              <div className={styles.marks}>
                {version.metrics.map(({ key, value }) => (
                  <Mark key={key}>{`${key} ${figure(value, language)}`}</Mark>
                ))}
              </div>
            ),
          ],
        ]}
      />
      {version.deployments.length > 0 && (
        <ListTable label={say("model.deployments")} columns={[say("model.deployments"), say("runs.state"), say("model.endpoint"), say("model.traffic"), say("model.since")]}>
          {version.deployments.map((one) => (
            <tr key={one.uid}>
              <th scope="row">
                <Link to="/p/$project/lineage" params={{ project }} search={{ focus: one.uid }}>
                  <bdi>{one.name}</bdi>
                </Link>
              </th>
              <td>
                <StateBadge state={one.state} />
              </td>
              <td>
                <code>{one.endpoint}</code>
              </td>
              <td data-value>{one.traffic !== null && new Intl.NumberFormat(language, { style: "percent" }).format(one.traffic / 100)}</td>
              <td>
                <TimeAgo time={one.fromAt} />
              </td>
            </tr>
          ))}
        </ListTable>
      )}
    </>
  );
}

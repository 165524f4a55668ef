/** One version: what is known of it, and views of what is in it. */
import type { ReactNode } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Facts } from "@/components/facts";
import { Section } from "@/components/page";
import { Sections } from "@/components/sections";
import { StateBadge } from "@/components/state-badge";
import { Tags } from "@/components/tags";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { bytes, moment } from "@/lib/format";
import { AskError } from "@/lib/graphql";
import { named } from "@/lib/named";
import { useWords } from "@/lib/words";
import { versionName } from "./version-name";
import type { ListedVersion } from "./version-name";
import { versionQuery } from "./version-query";
import type { Version } from "./version-query";
import type { VersionView } from "./artifact-search";
import { downloadOf } from "@/lib/stored";
import { VersionCompared } from "./version-compared";
import { VersionFiles } from "./version-files";
import { VersionPreview } from "./version-preview";
import { VersionSchema } from "./version-schema";
import { VersionUse } from "./version-use";
import styles from "./artifacts.module.css";

const VIEWS = [
  { id: "preview", name: "version.preview" },
  { id: "schema", name: "version.schema" },
  { id: "files", name: "version.files" },
  { id: "use", name: "version.use" },
  { id: "compare", name: "version.compare" },
] as const;

/** What is no version of anything is no reference, either. */
const MISSING = ["NOT_FOUND", "BAD_INPUT"];

export interface VersionShownProps {
  /** uid or reference */
  asked: string;
  /** in place of it where it is not there */
  missing: ReactNode;
  others: readonly ListedVersion[];
  project: string;
}

export function VersionShown({ asked, missing, others, project }: VersionShownProps) {
  const { say } = useWords();
  const { view = "preview" } = useSearch({ from: "/p/$project/artifact" });
  const navigate = useNavigate({ from: "/p/$project/artifact" });
  const { data: version, error, refetch } = useQuery(versionQuery(asked));
  if (missing && error instanceof AskError && MISSING.includes(error.code) && !version) return missing;
  if (error && !version) return <Trouble error={error} retry={() => void refetch()} />;
  if (!version) return <Skeleton height={360} />;
  const choose = (chosen: VersionView): void => {
    void navigate({ search: (told) => ({ ...told, view: chosen }) });
  };
  return (
    <div className={styles.shown}>
      <VersionFacts version={version} project={project} />
      <Sections label={say("version.views")} views={VIEWS} shown={view} choose={choose}>
        {view === "preview" && <VersionPreview version={version} />}
        {view === "schema" && <VersionSchema version={version} />}
        {view === "files" && <VersionFiles version={version} />}
        {view === "use" && <VersionUse version={version} project={project} />}
        {view === "compare" && <VersionCompared version={version} others={others} project={project} />}
      </Sections>
    </div>
  );
}

function VersionFacts({ version, project }: { version: Version; project: string }) {
  const { say, language } = useWords();
  const { run } = version;
  return (
    <Section
      title={<bdi>{`${version.name}${versionName(version)}`}</bdi>}
      actions={
        <>
          <Link to="/p/$project/models" params={{ project }} search={{ register: version.uid }}>
            {say("version.register")}
          </Link>
          {version.storedAt && (
            <Button component="a" href={downloadOf(version.uid)} download size="xs">
              {say("version.download")}
            </Button>
          )}
        </>
      }
    >
      {version.description && <bdi>{version.description}</bdi>}
      <Tags tags={version.tags} />
      <Facts
        facts={[
          [
            say("version.producer"),
            run && (
              <>
                <Link to="/p/$project/runs/$uid" params={{ project, uid: run.uid }}>
                  <bdi>{run.name || run.jobName}</bdi>
                </Link>{" "}
                <StateBadge state={run.state ?? ""} /> <TimeAgo time={run.startedAt} />
              </>
            ),
          ],
          [say("version.registered"), version.registrations.length > 0 && <Registrations versions={version.registrations} />],
          [say("version.digest"), <Code key="digest" text={version.digest} />],
          [say("version.size"), version.size !== null && <span data-value>{bytes(version.size, language)}</span>],
          [say("version.sealed"), version.sealedAt && <time dateTime={version.sealedAt}>{moment(version.sealedAt, language)}</time>],
          [say("version.uri"), version.uri && <Code key="uri" text={version.uri} />],
          [say("version.kept"), say(version.storedAt ? "version.kept.here" : "version.kept.not")],
          [say("version.ttl"), version.ttlAt && <time dateTime={version.ttlAt}>{moment(version.ttlAt, language)}</time>],
          [say("version.state"), version.deletedAt ? say("state.deleted") : version.hold && say("version.hold")],
        ]}
      />
      {version.partial && <p>{say("version.partial")}</p>}
    </Section>
  );
}

/** As which versions of which models it is registered, and what they are called. */
function Registrations({ versions }: { versions: Version["registrations"] }) {
  const { say } = useWords();
  return (
    <ul className={styles.registrations}>
      {versions.map((one) => (
        <li key={one.uid}>
          <Link to="/p/$project/model" params={{ project: one.project }} search={{ of: one.model, v: one.version }}>
            {say("version.registered.as", {
              model: named(one.model.slice(one.model.indexOf("/") + 1)),
              version: named(one.version),
              count: one.aliases.length,
              aliases: one.aliases.map(named).join(", "),
            })}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Code({ text }: { text: string }) {
  return <code className={styles.digest}>{text}</code>;
}

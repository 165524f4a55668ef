/** What was registered, and the run that made it. */
import { Link } from "@tanstack/react-router";
import type { ModelVersion } from "./model-query";

export function VersionOrigin({ version, project }: { version: ModelVersion; project: string }) {
  const { origin, run, uri } = version;
  if (!origin) return uri ? <code>{uri}</code> : null;
  const at = origin.ordinal === null ? "" : `@${origin.ordinal}`;
  return (
    <>
      <Link to="/p/$project/artifact" params={{ project: origin.project || project }} search={{ of: origin.artifact, v: origin.uid }}>
        <bdi>{`${origin.name}${at}`}</bdi>
      </Link>{" "}
      {run && (
        <Link to="/p/$project/runs/$uid" params={{ project, uid: run.uid }}>
          <bdi>{run.name || run.jobName}</bdi>
        </Link>
      )}
    </>
  );
}

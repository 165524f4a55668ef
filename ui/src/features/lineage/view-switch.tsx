/** From versions and runs to the artifacts and jobs that they are of, and back to the newest of these. */
import { useState } from "react";
import { SegmentedControl } from "@mantine/core";
import { RunsDocument, VersionsDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import type { Box } from "./scene";

export interface ViewSwitchProps {
  focus: Box;
  project: string;
  logical: boolean;
  /** looks from there, in the other view */
  turn: (focus: string, view: "LOGICAL" | undefined) => void;
}

export function ViewSwitch({ focus, project, logical, turn }: ViewSwitchProps) {
  const { say } = useWords();
  const [none, setNone] = useState(false);
  // Registered versions and deployments are of nothing that has a place among artifacts and jobs.
  const off = !logical && !["ArtifactVersion", "Run"].includes(focus.label);
  const choose = async (): Promise<void> => {
    if (!logical) return turn(focus.owner, "LOGICAL");
    const found = await newestOf(focus, project).catch(() => undefined);
    setNone(found === undefined);
    if (found !== undefined) turn(found, undefined);
  };
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label={say("lineage.view")}
        title={off ? say("lineage.view.off") : undefined}
        value={logical ? "LOGICAL" : "VERSION"}
        disabled={off || (!logical && focus.owner === "")}
        onChange={() => void choose()}
        data={[
          { value: "VERSION", label: say("lineage.view.versions") },
          { value: "LOGICAL", label: say("lineage.view.logical") },
        ]}
      />
      <output className="faint">{none && say("lineage.view.none")}</output>
    </>
  );
}

async function newestOf({ id, label }: Box, project: string): Promise<string | undefined> {
  const signal = AbortSignal.timeout(10_000);
  if (label === "Artifact") return (await ask(VersionsDocument, { artifact: id, first: 1 }, signal)).versions.edges[0]?.node.uid;
  const asked = { project, filter: { jobs: [id] }, first: 1, metrics: [], params: [] };
  return (await ask(RunsDocument, asked, signal)).runs.edges[0]?.node.uid;
}

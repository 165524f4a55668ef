/** What a run is made of: its steps as a picture, and the same as rows with the time of each. */
import type { ComponentType } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Card } from "@/components/card";
import { useLiveRuns } from "@/lib/live";
import { sceneLook } from "@/lib/scene-look";
import type { SceneLook, SceneSlotProps } from "@/lib/scene-look";
import { useWords } from "@/lib/words";
import { runKey } from "./run-query";
import type { Run } from "./run-query";
import { Timeline } from "./timeline";

export interface StepsPartProps {
  run: Run;
  project: string;
  steps: ComponentType<SceneSlotProps>;
}

export function StepsPart({ run, project, steps: Steps }: StepsPartProps) {
  const { say } = useWords();
  const search = useSearch({ from: "/p/$project/runs/$uid" });
  const navigate = useNavigate({ from: "/p/$project/runs/$uid" });
  const change = (look: SceneLook): void => void navigate({ search: { tab: "steps", ...look }, replace: true });
  useLiveRuns(run.project, [...runKey(run.uid), "facts"]); // a step is another run
  const children = run.children.edges.map(({ node }) => node);
  return (
    <>
      <Steps project={project} uid={run.uid} look={sceneLook({ ...search })} change={change} />
      {children.length > 0 && (
        <Card title={say("run.children")}>
          <Timeline steps={children} more={run.children.hasMore} />
        </Card>
      )}
    </>
  );
}

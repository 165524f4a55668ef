/** What a run is made of: its steps as a picture, and the same as a list. */
import type { ComponentType } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Card } from "@/components/card";
import { RunList } from "@/components/run-list";
import { sceneLook } from "@/lib/scene-look";
import type { SceneLook, SceneSlotProps } from "@/lib/scene-look";
import { useWords } from "@/lib/words";
import type { Run } from "./run-query";

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
  const children = run.children.edges.map(({ node }) => node);
  return (
    <>
      <Steps project={project} uid={run.uid} look={sceneLook({ ...search })} change={change} />
      {children.length > 0 && (
        <Card title={say("run.children")}>
          <RunList runs={children} more={run.children.hasMore} />
        </Card>
      )}
    </>
  );
}

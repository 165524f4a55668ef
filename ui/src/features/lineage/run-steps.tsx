/** The steps of a run as a picture, in the order of the data between them; their states are those of now. */
import { RunSceneDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import type { SceneSlotProps } from "@/lib/scene-look";
import { DrawnScene } from "./drawn-scene";
import { MOST_BOXES } from "./scene-query";
import { sceneOf } from "./scene";

export function RunSteps({ project, uid, look, change }: SceneSlotProps) {
  const opened = look.more ?? [];
  return (
    <DrawnScene
      project={project}
      queryKey={["steps", uid, opened]}
      read={async (signal) => sceneOf((await ask(RunSceneDocument, { uid, opened, budget: { nodes: MOST_BOXES } }, signal)).runScene)}
      look={look}
      change={change}
    />
  );
}

/** Versions of an artifact or a model as a picture, each after what it was derived from. */
import { VersionSceneDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import type { SceneSlotProps } from "@/lib/scene-look";
import { DrawnScene } from "./drawn-scene";
import { sceneOf } from "./scene";
import type { Scene } from "./scene";

/** One by one, for it is versions that one wants to see; that there are more is said beside the picture. */
const MOST = 100;

export function VersionTree({ project, uid, look, change }: SceneSlotProps) {
  return (
    <DrawnScene
      project={project}
      queryKey={["version tree", uid]}
      read={async (signal) => closed(sceneOf((await ask(VersionSceneDocument, { of: uid, groupBy: "NONE", budget: { nodes: MOST } }, signal)).versionScene))}
      look={look}
      change={change}
    />
  );
}

/** Nothing opens further here: that something is left out is said beside the picture. */
function closed(scene: Scene): Scene {
  return { ...scene, boxes: new Map([...scene.boxes].map(([id, box]) => [id, { ...box, hiddenUp: 0, hiddenDown: 0 }])) };
}

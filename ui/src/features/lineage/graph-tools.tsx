/** Nearer and further, all of it, and all boxes opened or folded at once. */
import { ActionIcon } from "@mantine/core";
import { useReactFlow, useStore } from "@xyflow/react";
import { Icon } from "@/components/icon";
import type { IconName } from "@/components/icon";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { allOpenable } from "./filtering";
import { cameraOver } from "./geometry";
import type { Places } from "./layout";
import { MOST_BOXES } from "./scene-query";
import type { Scene } from "./scene";
import type { Sides } from "./sides";
import styles from "./graph-view.module.css";

export interface GraphToolsProps {
  scene: Scene;
  places: Places;
  sides: Sides;
}

export function GraphTools({ scene, places, sides }: GraphToolsProps) {
  const { zoomIn, zoomOut, setViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const openable = allOpenable(scene, sides.opened, MOST_BOXES);
  return (
    <div className={styles.tools}>
      <Tool icon="plus" name="lineage.zoom.in" act={() => void zoomIn()} />
      <Tool icon="minus" name="lineage.zoom.out" act={() => void zoomOut()} />
      <Tool icon="fit" name="lineage.zoom.fit" act={() => void setViewport(cameraOver(places, { width, height }))} />
      {openable.length > 0 && <Tool icon="unfold" name="lineage.open.all" act={() => sides.open(openable)} />}
      {sides.opened.length > 0 && <Tool icon="fold" name="lineage.fold.all" act={sides.foldAll} />}
    </div>
  );
}

function Tool({ icon, name, act }: { icon: IconName; name: MessageId; act: () => void }) {
  const { say } = useWords();
  return (
    <ActionIcon variant="default" size="lg" aria-label={say(name)} title={say(name)} onClick={act}>
      <Icon name={icon} />
    </ActionIcon>
  );
}

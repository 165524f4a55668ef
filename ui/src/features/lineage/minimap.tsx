/** All of the scene in a corner, drawn by the code of the far view; a click on it goes there. */
import { useMemo } from "react";
import type { PointerEvent } from "react";
import { useReactFlow, useStore } from "@xyflow/react";
import { Drawn } from "./canvas-layer";
import { cameraOver } from "./geometry";
import type { Places } from "./layout";
import type { Sheet } from "./sheet";
import styles from "./graph-view.module.css";

const SIZE = { width: 184, height: 120 };
/** The whole of it in fewer boxes is plain to see. */
const FROM_BOXES = 8;

export interface MinimapProps {
  sheet: Sheet;
  places: Places;
  focus: string;
  lit: ReadonlySet<string> | null;
}

export function Minimap({ sheet, places, focus, lit }: MinimapProps) {
  const { setCenter, getZoom } = useReactFlow();
  const [x, y, zoom] = useStore((state) => state.transform);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const camera = useMemo(() => cameraOver(places, SIZE, 8), [places]);
  if (Object.keys(places).length < FROM_BOXES) return null;

  const go = ({ buttons, nativeEvent: { offsetX, offsetY } }: PointerEvent): void => {
    if (buttons !== 1) return;
    void setCenter((offsetX - camera.x) / camera.zoom, (offsetY - camera.y) / camera.zoom, { zoom: getZoom() });
  };
  const seen = {
    x: camera.x + (-x / zoom) * camera.zoom,
    y: camera.y + (-y / zoom) * camera.zoom,
    width: (width / zoom) * camera.zoom,
    height: (height / zoom) * camera.zoom,
  };
  return (
    // Keys move the picture itself: this is for the mouse alone.
    <div className={styles.minimap} aria-hidden="true" onPointerDown={go} onPointerMove={go}>
      <Drawn {...{ sheet, focus, lit, camera }} boxes {...SIZE} className={styles.mini} />
      <svg className={styles.seen} width={SIZE.width} height={SIZE.height}>
        <rect {...seen} />
      </svg>
    </div>
  );
}

/** Edges of all levels, and boxes where one is far: one canvas behind the cards, drawn as the camera moves. */
import { useEffect, useRef } from "react";
import { useComputedColorScheme } from "@mantine/core";
import { useStore } from "@xyflow/react";
import { coloursOf } from "./colours";
import { draw } from "./drawing";
import type { Camera } from "./geometry";
import type { Places } from "./layout";
import type { Scene } from "./scene";
import styles from "./graph-view.module.css";

export interface CanvasLayerProps {
  scene: Scene;
  places: Places;
  /** boxes that are not dimmed; null is all of them */
  lit: ReadonlySet<string> | null;
  /** whether boxes are drawn too */
  boxes: boolean;
}

export function CanvasLayer({ scene, places, lit, boxes }: CanvasLayerProps) {
  const transform = useStore((state) => state.transform);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const [x, y, zoom] = transform;
  return <Drawn {...{ scene, places, lit, boxes, width, height }} className={styles.canvas} camera={{ x, y, zoom }} />;
}

export interface DrawnProps extends CanvasLayerProps {
  camera: Camera;
  /** CSS pixels */
  width: number;
  height: number;
  className: string | undefined;
}

/** A scene on a canvas of its own, as sharp as the screen. */
export function Drawn({ scene, places, lit, boxes, camera, width, height, className }: DrawnProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useComputedColorScheme() === "dark";
  const { x, y, zoom } = camera;

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || width === 0) return;
    const ratio = window.devicePixelRatio;
    if (context.canvas.width !== Math.round(width * ratio) || context.canvas.height !== Math.round(height * ratio)) {
      context.canvas.width = Math.round(width * ratio);
      context.canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, { scene, places, lit, boxes, camera: { x, y, zoom }, width, height, colours: coloursOf(context.canvas, dark) });
  }, [scene, places, lit, boxes, x, y, zoom, width, height, dark]);

  return <canvas ref={canvas} className={className} aria-hidden="true" />;
}

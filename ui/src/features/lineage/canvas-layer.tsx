/** Edges of all levels, and boxes where one is far: one canvas behind the cards, drawn as the camera moves. */
import { useEffect, useRef } from "react";
import { useComputedColorScheme } from "@mantine/core";
import { useStore } from "@xyflow/react";
import { draw } from "./drawing";
import type { Colours } from "./drawing";
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
  const canvas = useRef<HTMLCanvasElement>(null);
  const transform = useStore((state) => state.transform);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const dark = useComputedColorScheme() === "dark";

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || width === 0) return;
    const ratio = window.devicePixelRatio;
    const [x, y, zoom] = transform;
    if (context.canvas.width !== Math.round(width * ratio) || context.canvas.height !== Math.round(height * ratio)) {
      context.canvas.width = Math.round(width * ratio);
      context.canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, { scene, places, lit, boxes, camera: { x, y, zoom }, width, height, colours: coloursOf(context.canvas, dark) });
  }, [scene, places, lit, boxes, transform, width, height, dark]);

  return <canvas ref={canvas} className={styles.canvas} aria-hidden="true" />;
}

/** Those of the theme; read anew when it changes. */
function coloursOf(element: Element, dark: boolean): Colours {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    edge: of("--edge"),
    lit: of("--accent"),
    paper: of("--paper"),
    font: style.fontFamily,
    focus: dark ? "#ffffff" : of("--ink"),
    hues: {
      dataset: of("--hue-dataset"),
      model: of("--hue-model"),
      run: of("--hue-run"),
      file: of("--hue-file"),
      deployment: of("--hue-deployment"),
    },
  };
}

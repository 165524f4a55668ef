/** Edges of all levels, and boxes where one is far: one canvas behind the cards, drawn as the camera moves. */
import { useEffect, useMemo, useState } from "react";
import { useStore } from "@xyflow/react";
import { useDark } from "@/components/dark";
import { coloursOf } from "./colours";
import { draw } from "./drawing";
import type { Camera } from "./geometry";
import type { Sheet } from "./sheet";
import styles from "./graph-view.module.css";

export interface CanvasLayerProps {
  sheet: Sheet;
  focus: string;
  /** boxes that are not dimmed; null is all of them */
  lit: ReadonlySet<string> | null;
  /** whether boxes are drawn too */
  boxes: boolean;
  /** of these which have their names beside them, the first before others; nothing: none has */
  named?: readonly string[] | undefined;
}

export function CanvasLayer({ sheet, focus, lit, boxes, named }: CanvasLayerProps) {
  const transform = useStore((state) => state.transform);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const [x, y, zoom] = transform;
  return <Drawn {...{ sheet, focus, lit, boxes, named, width, height }} className={styles.canvas} camera={{ x, y, zoom }} />;
}

export interface DrawnProps extends CanvasLayerProps {
  camera: Camera;
  /** CSS pixels */
  width: number;
  height: number;
  className: string | undefined;
}

/** A scene on a canvas of its own, as sharp as the screen. */
export function Drawn({ sheet, focus, lit, boxes, named, camera, width, height, className }: DrawnProps) {
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const dark = useDark();
  const colours = useMemo(() => canvas && coloursOf(canvas, dark), [canvas, dark]);
  const { x, y, zoom } = camera;

  useEffect(() => {
    const context = canvas?.getContext("2d");
    if (!context || !colours || width === 0) return;
    const ratio = window.devicePixelRatio;
    if (context.canvas.width !== Math.round(width * ratio) || context.canvas.height !== Math.round(height * ratio)) {
      context.canvas.width = Math.round(width * ratio);
      context.canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, { sheet, focus, lit, boxes, named, camera: { x, y, zoom }, width, height, colours });
  }, [canvas, colours, sheet, focus, lit, boxes, named, x, y, zoom, width, height]);

  return <canvas ref={setCanvas} className={className} aria-hidden="true" />;
}

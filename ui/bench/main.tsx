/** The lineage view on made data, and what it is compared with; driven step by step from outside
 * (`benchmarks/web_graph.py`), which reads the memory between the steps. */
import "@/app/styles";
import { createRoot } from "react-dom/client";
import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { MantineProvider } from "@mantine/core";
import { PlacedGraph } from "@/features/lineage/graph-view";
import { speak } from "@/lib/words";
import { made } from "./made";
import type { Made } from "./made";
import { Plain } from "./plain";

const NONE: ReadonlySet<string> = new Set();
const ignore = (): void => undefined;
const SIDES = { opened: [], hidden: new Map<string, number>(), open: ignore, fold: ignore, foldAll: ignore };

const VIEWS = {
  ours: ({ made: { scene, places } }: { made: Made }) => (
    <PlacedGraph
      {...{ scene, places }}
      at={undefined}
      to={undefined}
      target={undefined}
      fresh={NONE}
      look={ignore}
      sides={SIDES}
      placed={ignore}
    />
  ),
  plain: Plain,
};
/** What shows that the picture is there: the card in the middle, and its lines. */
const SHOWN = {
  ours: () => document.querySelector("[data-focus]") !== null,
  plain: () => document.querySelectorAll(".react-flow__node").length > 0 && document.querySelector(".react-flow__edge") !== null,
};
const FIT = { ours: `[aria-label="Show all"]`, plain: ".react-flow__controls-fitview" };
type View = keyof typeof VIEWS;

const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));
const camera = (): string => document.querySelector<HTMLElement>(".react-flow__viewport")?.style.transform ?? "";

const root = createRoot(document.getElementById("root") ?? document.body);
const framed = (inner: React.ReactNode): void =>
  root.render(
    <MantineProvider forceColorScheme="light" withCssVariables={false} withGlobalClasses={false}>
      <I18nProvider i18n={i18n}>{inner}</I18nProvider>
    </MantineProvider>,
  );
let data: Made | undefined;

/** Makes the data and an empty page: all that does not count. */
async function make(count: number): Promise<{ boxes: number; lines: number }> {
  await speak("en");
  data = made(count);
  framed(null);
  await frame();
  return { boxes: data.scene.boxes.size, lines: data.scene.lines.length };
}

/** Milliseconds until the picture is on the screen. */
async function show(view: View): Promise<number> {
  if (!data) throw new Error("nothing was made");
  const Shown = VIEWS[view];
  await frame();
  const began = performance.now();
  framed(<Shown made={data} />);
  while (!SHOWN[view]()) await frame();
  return (await drawn()) - began;
}

/** When the frame that is drawn now, and one more that waits for it, are done. */
async function drawn(): Promise<number> {
  await frame();
  return frame();
}

/** A picture that takes seconds for a frame is seen through in few of them. */
const ENOUGH_MS = 5_000;
const enough = (began: number, took: number[]): boolean => took.length >= 4 && performance.now() - began > ENOUGH_MS;

/** Milliseconds of each frame while the picture is dragged about. */
async function pan(frames: number): Promise<number[]> {
  const pane = document.querySelector(".react-flow__pane");
  if (!pane) throw new Error("there is no picture");
  const [x, y] = [window.innerWidth / 2, 12];
  const mouse = (type: string, at: number): MouseEventInit & { type: string } => ({
    type, view: window, bubbles: true, cancelable: true, buttons: 1, clientX: x + 10 * at, clientY: y + 6 * at,
  }); // prettier-ignore
  const send = (to: EventTarget, { type, ...init }: ReturnType<typeof mouse>): boolean => to.dispatchEvent(new MouseEvent(type, init));
  const before = camera();
  send(pane, mouse("mousedown", 0));
  const took: number[] = [];
  const began = performance.now();
  let last = await frame();
  for (let at = 1; at <= frames && !enough(began, took); at += 1) {
    // There and back, so that it stays where something is.
    send(window, mouse("mousemove", at <= frames / 2 ? at : frames - at + 1));
    const now = await frame();
    took.push(now - last);
    last = now;
  }
  if (camera() === before) throw new Error("it did not move");
  send(window, mouse("mouseup", 1));
  await frame();
  return took;
}

/** Milliseconds from the button to the picture of all of it. */
async function fit(view: View): Promise<number> {
  const button = document.querySelector<HTMLButtonElement>(FIT[view]);
  if (!button) throw new Error("there is no such button");
  const before = camera();
  const began = await frame();
  button.click();
  while (camera() === before) await frame();
  const there = await frame();
  // The next frame starts late where this one is still being drawn.
  const late = Math.max(0, (await frame()) - there - 1000 / 60);
  return there - began + late;
}

/** Milliseconds of each frame while one comes nearer from all of it, to where cards can be read, and goes away again. */
async function zoom(frames: number): Promise<number[]> {
  const pane = document.querySelector(".react-flow__pane");
  if (!pane) throw new Error("there is no picture");
  const [clientX, clientY] = [window.innerWidth / 2, window.innerHeight / 2];
  const took: number[] = [];
  const began = performance.now();
  let last = await frame();
  for (let at = 1; at <= frames && !enough(began, took); at += 1) {
    const deltaY = at <= frames / 2 ? -120 : 120;
    pane.dispatchEvent(new WheelEvent("wheel", { view: window, bubbles: true, cancelable: true, deltaY, clientX, clientY }));
    const now = await frame();
    took.push(now - last);
    last = now;
  }
  return took;
}

Object.assign(window, { bench: { make, show, pan, fit, zoom } });

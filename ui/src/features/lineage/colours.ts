/** Colours of the theme for what is drawn, not styled: the canvas and pictures. */
import type { PictureColours } from "./picture";

/** Those in force at an element. */
export function coloursOf(element: Element, dark: boolean): PictureColours {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    edge: of("--edge"),
    lit: of("--accent"),
    focus: dark ? "#ffffff" : of("--ink"),
    paper: of("--paper"),
    sunk: of("--sunk"),
    ink: of("--ink"),
    faint: of("--faint"),
    font: style.fontFamily,
    hues: {
      dataset: of("--hue-dataset"),
      model: of("--hue-model"),
      run: of("--hue-run"),
      file: of("--hue-file"),
      deployment: of("--hue-deployment"),
    },
    changes: { added: of("--ok"), removed: of("--bad"), changed: of("--changed") },
  };
}

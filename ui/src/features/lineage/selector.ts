/** `2+model:churn@prod+3`: what is looked at and how many steps around it, in one line that people can type. */
import { MOST_STEPS } from "./lineage-search";

export interface Selection {
  focus: string;
  /** artifact steps; undefined where the text says nothing of them */
  up: number | undefined;
  down: number | undefined;
}

const SELECTOR = /^(?:(\d*)\+)?(.+?)(?:\+(\d*))?$/s;

/** A plus on one side alone means: nothing on the other. Uids are taken as they are, since names in them may have a plus. */
export function selectionOf(text: string): Selection {
  if (/^[a-z]+:[^/]+\/.*\+/s.test(text)) return { focus: text, up: undefined, down: undefined };
  // In an address that was typed by hand, a plus is a space.
  const typed = /^\s/.test(text) ? text.replace(/^\s/, "+").replace(/\s(\d*)$/, "+$1") : text;
  const found = SELECTOR.exec(typed.trim());
  if (!found || (found[1] === undefined && found[3] === undefined)) return { focus: text.trim(), up: undefined, down: undefined };
  const steps = (told: string | undefined): number => (told === undefined ? 0 : told === "" ? MOST_STEPS : Math.min(MOST_STEPS, Number(told)));
  return { focus: found[2] ?? text, up: steps(found[1]), down: steps(found[3]) };
}

/** The text of a selection; as many steps as there may be are a plus alone. */
export function selectorOf(focus: string, up: number, down: number): string {
  const side = (steps: number): string => (steps >= MOST_STEPS ? "" : String(steps));
  return `${up > 0 ? `${side(up)}+` : ""}${focus}${down > 0 ? `+${side(down)}` : ""}`;
}

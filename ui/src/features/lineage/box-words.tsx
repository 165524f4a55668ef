/** What is said of a box, the same in every form of the scene. */
import { StateBadge } from "@/components/state-badge";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId, Say } from "@/lib/words";
import { SIGNS } from "./picture";
import type { Box } from "./scene";
import styles from "./box-words.module.css";

export function useBoxWords(box: Box): BoxWords {
  const { say } = useWords();
  return boxWords(box, say);
}

export interface BoxWords {
  title: string;
  kind: string;
}

export function boxWords(box: Box, say: Say): BoxWords {
  const label = say(`label.${box.label}` as MessageId);
  const kind = box.kind && box.kind !== box.label ? say("palette.kind", { label, kind: box.kind }) : label;
  if (box.opaque) return { title: say("lineage.opaque"), kind };
  if (!box.stack) return { title: box.title || box.id, kind };
  const { count } = box.stack;
  const title = box.title ? say("lineage.stack", { count, name: box.title }) : say("lineage.stack.kind", { count, kind: box.kind || label });
  return { title, kind };
}

/** The state, of a stack how many are in which, and its best figure. `narrow`: in a line that has room for little. */
export function BoxState({ box, narrow = false }: { box: Box; narrow?: boolean }) {
  const { say, language } = useWords();
  if (!box.stack) return <StateBadge state={box.state} />;
  const states = Object.entries(box.stack.states).filter(([state]) => state);
  return (
    <>
      {states.map(([state, count]) => (
        <span key={state}>
          {count} <StateBadge state={state} brief={narrow && box.stack?.best !== null} />{" "}
        </span>
      ))}
      {box.stack.best && <bdi data-best>{bestWords(box.stack.best, say, language)}</bdi>}
    </>
  );
}

/** What became of it, as a sign with a word; what it was, where it had another name. */
export function BoxChange({ box }: { box: Box }) {
  const { say } = useWords();
  if (!box.change) return null;
  return (
    <span className={styles.change} data-change={box.change}>
      <b aria-hidden="true">{SIGNS[box.change]}</b>{" "}
      {box.was === undefined ? say(`lineage.change.${box.change}` as MessageId) : <bdi>{say("lineage.change.was", { title: box.was })}</bdi>}
    </span>
  );
}

/** The same in one line of text, for what is no page: pictures and tables. */
export function boxLine(box: Box, say: Say, language: string): string {
  const states = box.stack ? Object.entries(box.stack.states).filter(([state]) => state) : [];
  const state = box.stack
    ? states.map(([one, count]) => `${count} ${stateWord(one, say)}`).join(" · ")
    : box.state && stateWord(box.state, say);
  const best = box.stack?.best ? bestWords(box.stack.best, say, language) : "";
  return [boxWords(box, say).kind, state, best].filter(Boolean).join(" · ");
}

const bestWords = ({ metric, value }: { metric: string; value: number }, say: Say, language: string): string =>
  say("lineage.best", { metric, value: figure(value, language) });

const STATES = ["complete", "cached", "ready", "failed", "aborted", "running", "queued", "declared", "pending", "archived", "deleted", "hidden", "stub"];

function stateWord(state: string, say: Say): string {
  const key = state.toLowerCase();
  return STATES.includes(key) ? say(`state.${key}` as MessageId) : state;
}

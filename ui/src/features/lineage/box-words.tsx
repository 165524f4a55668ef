/** What is said of a box, the same in every form of the scene. */
import { StateBadge } from "@/components/state-badge";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import type { Box } from "./scene";

export function useBoxWords(box: Box): { title: string; kind: string } {
  const { say } = useWords();
  const label = say(`label.${box.label}` as MessageId);
  const kind = box.kind && box.kind !== box.label ? say("palette.kind", { label, kind: box.kind }) : label;
  if (box.opaque) return { title: say("lineage.opaque"), kind };
  if (!box.stack) return { title: box.title || box.id, kind };
  const { count } = box.stack;
  const title = box.title ? say("lineage.stack", { count, name: box.title }) : say("lineage.stack.kind", { count, kind: box.kind || label });
  return { title, kind };
}

/** The state, of a stack how many are in which, and its best figure. */
export function BoxState({ box }: { box: Box }) {
  const { say, language } = useWords();
  if (!box.stack) return <StateBadge state={box.state} />;
  const states = Object.entries(box.stack.states).filter(([state]) => state);
  return (
    <>
      {states.map(([state, count]) => (
        <span key={state}>
          {count} <StateBadge state={state} />{" "}
        </span>
      ))}
      {box.stack.best !== null && say("lineage.best", { value: figure(box.stack.best, language) })}
    </>
  );
}

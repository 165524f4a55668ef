/** That somebody else moved an alias while a form about it was open: from what to what. */
import { useWords } from "@/lib/words";
import type { Moved } from "./use-seen";

export function AliasMoved({ moved }: { moved: Moved | undefined }) {
  const { say } = useWords();
  if (!moved) return null;
  return <output>{say(moved.from === "" ? "promote.moved.new" : moved.to === "" ? "promote.moved.off" : "promote.moved", { ...moved })}</output>;
}

/** Below a table on paper, where it is not all of it: how much of it that is. */
import { useWords } from "@/lib/words";
import styles from "./unprinted.module.css";

/** `total` undefined: nobody knows how many there are. */
export function Unprinted({ shown, total }: { shown: number; total: number | undefined }) {
  const { say } = useWords();
  if (total !== undefined && shown >= total) return null;
  return <p className={styles.unprinted}>{total === undefined ? say("print.some", { shown }) : say("print.first", { shown, total })}</p>;
}

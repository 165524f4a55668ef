/** Text to copy: a command or some lines of code. */
import { useState } from "react";
import { ActionIcon } from "@mantine/core";
import { useWords } from "@/lib/words";
import { Icon } from "./icon";
import styles from "./snippet.module.css";

const SHOWN_MILLISECONDS = 2_000;

export function Snippet({ text }: { text: string }) {
  const { say } = useWords();
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    // Absent where the page came by plain http from another machine; the text can still be marked.
    void navigator.clipboard?.writeText(text).then(() => {
      setCopied(true);
      window.setTimeout(() => setCopied(false), SHOWN_MILLISECONDS);
    });
  };
  return (
    <div className={styles.snippet}>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <ActionIcon className={styles.copy} variant="subtle" aria-label={say("action.copy")} onClick={copy}>
        <Icon name={copied ? "check" : "copy"} />
      </ActionIcon>
      <output className={styles.told}>{copied ? say("action.copied") : ""}</output>
    </div>
  );
}

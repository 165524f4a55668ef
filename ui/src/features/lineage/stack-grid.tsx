/** What is in a stack, a page at a time. */
import { useState } from "react";
import { ActionIcon, Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Icon } from "@/components/icon";
import { StateBadge } from "@/components/state-badge";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import type { Stack } from "./scene";
import { membersQuery } from "./scene-query";
import styles from "./box-panel.module.css";

const PAGE = 24;

export function StackGrid({ stack, project, choose }: { stack: Stack; project: string; choose: ((uid: string) => void) | undefined }) {
  const { say } = useWords();
  const [page, setPage] = useState(0);
  const pages = Math.ceil(stack.members.length / PAGE);
  const at = Math.min(page, pages - 1) * PAGE;
  const { data, error, refetch } = useQuery({ ...membersQuery(project, stack.members.slice(at, at + PAGE)), placeholderData: keepPreviousData });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={160} />;
  const { uids, nodes } = data;
  // Of those that are shown: the next page may still be on its way.
  const from = Math.max(0, stack.members.indexOf(uids[0] ?? ""));
  return (
    <>
      {pages > 1 && (
        <nav className={styles.pages} aria-label={say("lineage.members")}>
          <ActionIcon variant="default" aria-label={say("lineage.members.before")} disabled={from === 0} onClick={() => setPage(page - 1)}>
            <Icon name="left" />
          </ActionIcon>
          <output>{say("lineage.members.page", { from: from + 1, to: from + uids.length, count: stack.count })}</output>
          <ActionIcon
            variant="default"
            aria-label={say("lineage.members.after")}
            disabled={from + PAGE >= stack.members.length}
            onClick={() => setPage(page + 1)}
          >
            <Icon name="right" />
          </ActionIcon>
        </nav>
      )}
      {stack.members.length < stack.count && (
        <p className="faint">{say("lineage.members.first", { shown: stack.members.length, count: stack.count })}</p>
      )}
      <ul className={styles.members}>
        {nodes.map((node, index) => (
          <li key={uids[index]} data-id={uids[index]}>
            {node === null ? (
              <span className="faint">{say("lineage.opaque")}</span>
            ) : (
              <button type="button" title={node.name} onClick={() => choose?.(node.uid)}>
                <bdi>{"ordinal" in node && node.ordinal !== null ? `${node.name}@${node.ordinal}` : node.name || node.uid}</bdi>
                {"state" in node && node.state && <StateBadge state={node.state} />}
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

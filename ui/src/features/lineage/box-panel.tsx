/** All about the box that is looked at; of a stack the list of what is in it. */
import { ActionIcon, Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { StateBadge } from "@/components/state-badge";
import { TimeAgo } from "@/components/time-ago";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import { BoxState, useBoxWords } from "./box-words";
import type { Box, Stack } from "./scene";
import { membersQuery } from "./scene-query";
import styles from "./box-panel.module.css";

export interface BoxPanelProps {
  box: Box;
  project: string;
  close: () => void;
  refocus: (uid: string) => void;
}

export function BoxPanel({ box, project, close, refocus }: BoxPanelProps) {
  const { say } = useWords();
  const { title, kind } = useBoxWords(box);
  return (
    <aside className={styles.panel} aria-label={say("lineage.panel", { title })}>
      <header>
        <Icon name={box.stack ? "stack" : kindIcon(box.label, box.kind)} />
        <h2>
          <bdi>{title}</bdi>
        </h2>
        <ActionIcon variant="subtle" color="gray" aria-label={say("action.close")} onClick={close}>
          <Icon name="cross" />
        </ActionIcon>
      </header>
      <dl>
        <dt>{say("lineage.kind")}</dt>
        <dd>{kind}</dd>
        {(box.state || box.stack) && (
          <>
            <dt>{say("runs.state")}</dt>
            <dd>
              <BoxState box={box} />
            </dd>
          </>
        )}
        {box.at && (
          <>
            <dt>{say("lineage.when")}</dt>
            <dd>
              <TimeAgo time={box.at} />
            </dd>
          </>
        )}
        {box.aliases.length > 0 && (
          <>
            <dt>{say("lineage.aliases")}</dt>
            <dd>
              <bdi>{box.aliases.join(", ")}</bdi>
            </dd>
          </>
        )}
        {box.hiddenUp + box.hiddenDown > 0 && (
          <>
            <dt>{say("lineage.beyond")}</dt>
            <dd>{say("lineage.hidden", { up: box.hiddenUp, down: box.hiddenDown })}</dd>
          </>
        )}
        {!box.stack && !box.opaque && (
          <>
            <dt>{say("lineage.uid")}</dt>
            <dd className={styles.uid}>{box.id}</dd>
          </>
        )}
      </dl>
      {!box.stack && !box.opaque && (
        <Button size="xs" variant="default" onClick={() => refocus(box.id)}>
          {say("lineage.refocus")}
        </Button>
      )}
      {box.stack && <Members stack={box.stack} project={project} refocus={refocus} />}
    </aside>
  );
}

function Members({ stack, project, refocus }: { stack: Stack; project: string; refocus: (uid: string) => void }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(membersQuery(project, stack.members));
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={160} />;
  return (
    <>
      {stack.members.length < stack.count && (
        <p className="faint">{say("lineage.members.first", { shown: stack.members.length, count: stack.count })}</p>
      )}
      <ul className={styles.members}>
        {data.map((node, at) => (
          <li key={stack.members[at]}>
            {node === null ? (
              <span className="faint">{say("lineage.opaque")}</span>
            ) : (
              <>
                <button type="button" onClick={() => refocus(node.uid)}>
                  <bdi>{"ordinal" in node && node.ordinal !== null ? `${node.name}@${node.ordinal}` : node.name || node.uid}</bdi>
                </button>
                {"state" in node && node.state && <StateBadge state={node.state} />}
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** All about the box that is looked at, and what one can do with it; of a stack a grid of what is in it. */
import { ActionIcon } from "@mantine/core";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { TimeAgo } from "@/components/time-ago";
import { useWords } from "@/lib/words";
import { BoxChange, BoxState, useBoxWords } from "./box-words";
import type { Box } from "./scene";
import { SIDES, sideAct } from "./sides";
import type { SideMark, Sides } from "./sides";
import { StackGrid } from "./stack-grid";
import styles from "./box-panel.module.css";

/** What has a page of its own beside its lineage. */
const PAGED: ReadonlySet<string> = new Set(["Run", "Artifact", "ArtifactVersion", "RegisteredModel", "ModelVersion"]);

export interface BoxActs {
  close: () => void;
  /** goes to the page of a thing */
  open?: (uid: string) => void;
  refocus?: (uid: string) => void;
  pin?: (id: string) => void;
  hide?: (id: string) => void;
  /** lights the way between this and another; undefined ends that */
  way: (to: string | undefined) => void;
}

export interface BoxPanelProps {
  box: Box;
  project: string;
  focus: Box | undefined;
  /** the other end of a path, and whether there is a way to it */
  other: Box | undefined;
  connected: boolean;
  pinned?: boolean;
  sides: Sides;
  /** how many boxes hang on it on each side */
  branches?: ReadonlyMap<SideMark, number>;
  acts: BoxActs;
}

export function BoxPanel({ box, project, focus, other, connected, pinned = false, sides, branches, acts }: BoxPanelProps) {
  const { say } = useWords();
  const { title, kind } = useBoxWords(box);
  const { open, refocus, pin, hide } = acts;
  const plain = !box.stack && !box.opaque;
  const away = focus !== undefined && box.id !== focus.id;
  return (
    <aside className={styles.panel} data-wide={box.stack ? true : undefined} aria-label={say("lineage.panel", { title })}>
      <header>
        <Icon name={box.stack ? "stack" : kindIcon(box.label, box.kind)} />
        <h2>
          <bdi>{title}</bdi>
        </h2>
        <ActionIcon variant="subtle" color="gray" aria-label={say("action.close")} onClick={acts.close}>
          <Icon name="cross" />
        </ActionIcon>
      </header>
      <div className={styles.acts}>
        {plain && open && PAGED.has(box.label) && <Act name={say("lineage.open.page")} act={() => open(box.id)} />}
        {plain && away && refocus && <Act name={say("lineage.refocus")} act={() => refocus(box.id)} />}
        {plain && away && pin && <Act name={say(pinned ? "lineage.unpin" : "lineage.pin")} act={() => pin(box.id)} on={pinned} />}
        {away && hide && <Act name={say("lineage.hide")} act={() => hide(box.id)} />}
        {away && !other && focus && <Act name={say("lineage.way")} act={() => acts.way(focus.id)} />}
        {other && <Act name={say("lineage.way.end")} act={() => acts.way(undefined)} on />}
        {SIDES.map((mark) => (
          <SideActs key={mark} box={box} mark={mark} sides={sides} branch={branches?.get(mark) ?? 0} />
        ))}
      </div>
      {other && <Way other={other} connected={connected} />}
      <Facts box={box} kind={kind} />
      {box.stack && <StackGrid stack={box.stack} project={project} choose={refocus ?? open} />}
    </aside>
  );
}

function Act({ name, act, on = false }: { name: string; act: () => void; on?: boolean }) {
  return (
    <button type="button" className={styles.act} data-on={on || undefined} onClick={act}>
      {name}
    </button>
  );
}

/** Further on a side and back again, for whoever does not reach the card's own buttons. */
function SideActs({ box, mark, sides, branch }: { box: Box; mark: SideMark; sides: Sides; branch: number }) {
  const { say } = useWords();
  const { title } = useBoxWords(box);
  const side = mark === "<" ? "up" : "down";
  const act = sideAct(box, mark, sides);
  return (
    <>
      {act && <Act name={say(`lineage.${act.what}.${side}`, { count: act.count, title })} act={() => act.act()} />}
      {branch > 0 && sides.hide && <Act name={say(`lineage.hide.${side}`, { count: branch, title })} act={() => sides.hide?.(mark + box.id)} />}
    </>
  );
}

function Way({ other, connected }: { other: Box; connected: boolean }) {
  const { say } = useWords();
  const { title } = useBoxWords(other);
  return (
    <output>
      <bdi>{say(connected ? "lineage.way.to" : "lineage.way.none", { title })}</bdi>
    </output>
  );
}

function Facts({ box, kind }: { box: Box; kind: string }) {
  const { say } = useWords();
  return (
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
      {box.change && (
        <>
          <dt>{say("lineage.change")}</dt>
          <dd>
            <BoxChange box={box} />
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
  );
}

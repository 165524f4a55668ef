/** What made a thing and what came of it: the graph or its outline, and a panel for the box that is looked at. */
import { Suspense, lazy, useCallback } from "react";
import { SegmentedControl, Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import { BoxPanel } from "./box-panel";
import type { LineageSearch } from "./lineage-search";
import { OutlineView } from "./outline-view";
import { sceneQuery } from "./scene-query";
import type { Scene } from "./scene";
import { StartFinder } from "./start-finder";
import { useLiveScene } from "./use-live-scene";
import styles from "./lineage-page.module.css";

const GraphView = lazy(() => import("./graph-view").then(({ GraphView: it }) => ({ default: it })));

const NOTHING: readonly string[] = [];

export function LineagePage() {
  const { project } = useParams({ from: "/p/$project/lineage" });
  const search = useSearch({ from: "/p/$project/lineage" });
  if (search.focus === undefined) return <StartFinder project={project} />;
  return <FocusedLineage project={project} search={{ ...search, focus: search.focus }} />;
}

interface Focused {
  project: string;
  search: LineageSearch & { focus: string };
}

function FocusedLineage({ project, search }: Focused) {
  const { say } = useWords();
  const navigate = useNavigate({ from: "/p/$project/lineage" });
  const { focus, up, down, more, view, group } = search;
  const asked = sceneQuery(project, { focus, up, down, more, view, group } as Focused["search"]);
  const { data: scene, error, refetch } = useQuery({ ...asked, placeholderData: keepPreviousData });
  const live = useLiveScene(scene, refetch);

  const change = useCallback(
    (next: Partial<Record<keyof LineageSearch, unknown>>, replace = false): void =>
      void navigate({ search: (before: LineageSearch) => ({ ...before, ...next }) as LineageSearch, replace }),
    [navigate],
  );
  const look = useCallback((id: string | undefined): void => change({ at: id }, true), [change]);

  if (error && !scene) return <Trouble error={error} retry={() => void refetch()} />;
  const shown = search.at !== undefined ? scene?.boxes.get(search.at) : undefined;
  return (
    <div className={styles.page}>
      <div className={styles.tools}>
        <h1 className={styles.title}>
          <bdi>{scene?.boxes.get(scene.focus)?.title ?? focus}</bdi>
        </h1>
        <Steps side="up" value={up ?? 1} change={(value) => change({ up: value === 1 ? undefined : value })} />
        <Steps side="down" value={down ?? 1} change={(value) => change({ down: value === 1 ? undefined : value })} />
        <SegmentedControl
          size="xs"
          aria-label={say("lineage.form")}
          value={search.tab ?? "graph"}
          onChange={(tab) => change({ tab: tab === "graph" ? undefined : tab }, true)}
          data={[
            { value: "graph", label: say("lineage.graph") },
            { value: "outline", label: say("lineage.outline") },
          ]}
        />
      </div>
      <Notes scene={scene} news={live.news} show={live.show} />
      <div className={styles.body}>
        <div className={styles.view}>
          {!scene && <Skeleton height="100%" radius={0} />}
          {scene && search.tab === "outline" && <OutlineView scene={scene} at={search.at} look={look} />}
          {scene && search.tab !== "outline" && (
            <Suspense fallback={<Skeleton height="100%" radius={0} />}>
              <GraphView
                scene={scene}
                at={search.at}
                look={look}
                expand={(told) => change({ more: [...(more ?? []), told] }, true)}
                opened={more ?? NOTHING}
              />
            </Suspense>
          )}
        </div>
        {shown && (
          <BoxPanel
            box={shown}
            project={project}
            close={() => look(undefined)}
            refocus={(uid) => change({ focus: uid, at: undefined, more: undefined })}
          />
        )}
      </div>
    </div>
  );
}

function Steps({ side, value, change }: { side: "up" | "down"; value: number; change: (value: number) => void }) {
  const { say } = useWords();
  return (
    <label className={styles.steps}>
      <span>{say(side === "up" ? "lineage.up" : "lineage.down")}</span>
      <select value={value} onChange={(event) => change(Number(event.currentTarget.value))}>
        {[0, 1, 2, 3, 5, 10].map((steps) => (
          <option key={steps} value={steps}>
            {steps}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What the picture does not show, and what has come since. */
function Notes({ scene, news, show }: { scene: Scene | undefined; news: boolean; show: () => void }) {
  const { say } = useWords();
  return (
    <output className={styles.notes}>
      {scene?.partial && <span>{say("lineage.partial")}</span>}
      {scene && scene.boxes.size === 1 && <span>{say("lineage.alone")}</span>}
      {news && (
        <button type="button" onClick={show}>
          {say("lineage.news")}
        </button>
      )}
    </output>
  );
}

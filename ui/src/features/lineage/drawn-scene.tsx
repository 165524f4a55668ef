/** A picture on the page of what it is about: the graph or its outline, with what can be taken along, and a panel
 * for the box that is looked at. It moves when runs of the project do. */
import { useCallback, useState } from "react";
import { Skeleton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { QueryKey } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { later } from "@/components/later";
import { Trouble } from "@/components/trouble";
import { useModelsChanged, useRunsChanged } from "@/lib/live";
import { placeOf } from "@/lib/place-of";
import type { SceneLook } from "@/lib/scene-look";
import { BoxPanel } from "./box-panel";
import type { Places } from "./layout";
import { warmUp } from "./layout-client";
import { FormChoice } from "./lineage-tools";
import { Notes } from "./notes";
import { OutlineView } from "./outline-view";
import { between, waysOf } from "./scene";
import type { Scene } from "./scene";
import { opening, uidOf } from "./sides";
import type { Sides } from "./sides";
import { TakeAlong } from "./take-along";
import { useNews } from "./use-news";
import pageStyles from "./lineage-page.module.css";
import styles from "./drawn-scene.module.css";

const GraphView = later(() => import("./graph-view").then(({ GraphView: it }) => it), () => <Skeleton height="100%" radius={0} />);
// While the scene is on its way.
warmUp();
GraphView.fetch();

export interface DrawnSceneProps {
  project: string;
  queryKey: QueryKey;
  read: (signal: AbortSignal) => Promise<Scene>;
  look: SceneLook;
  change: (look: SceneLook) => void;
}

export function DrawnScene({ project, queryKey, read, look, change }: DrawnSceneProps) {
  const queries = useQueryClient();
  const query = {
    queryKey,
    queryFn: async ({ signal }: { signal: AbortSignal }) => ({ scene: await read(signal) }),
    staleTime: Infinity, // it moves when runs and models do
    refetchOnWindowFocus: false,
  };
  const { data, error, refetch } = useQuery({ ...query, placeholderData: (before) => before });
  const key = JSON.stringify(queryKey);
  const keep = useCallback((answer: { scene: Scene }): void => void queries.setQueryData(JSON.parse(key) as QueryKey, answer), [queries, key]);
  const news = useNews(data?.scene, keep);
  const again = async (): Promise<void> => {
    try {
      const shown = await queries.ensureQueryData(query);
      news.take(shown, { scene: await read(new AbortController().signal) });
    } catch {
      // A server that is away says so again when it is back.
    }
  };
  useRunsChanged(project, again);
  useModelsChanged(project, again);
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={420} />;
  return <Shown {...{ project, look, change }} scene={data.scene} news={news.count} show={news.show} fresh={news.fresh} seen={news.seen} />;
}

interface ShownProps {
  project: string;
  scene: Scene;
  look: SceneLook;
  change: (look: SceneLook) => void;
  news: number;
  show: () => void;
  fresh: ReadonlySet<string>;
  seen: () => void;
}

function Shown({ project, scene, look, change, news, show, fresh, seen }: ShownProps) {
  const navigate = useNavigate();
  const [to, setTo] = useState<string>();
  const [drawn, setDrawn] = useState<{ scene: Scene; places: Places }>();
  const placed = useCallback((one: Scene, places: Places): void => setDrawn({ scene: one, places }), []);
  const { at, form, more = [] } = look;
  const box = at === undefined ? undefined : scene.boxes.get(at);
  const lookAt = (id: string | undefined, other = false): void => {
    const end = other && id !== undefined && at !== undefined && id !== at;
    setTo(end ? id : undefined);
    if (!end) change({ ...without(look, "at"), ...(id !== undefined && { at: id }) });
  };
  const open = (uid: string): void => {
    const { label = "Run", kind = "", title: name = "", project: own } = scene.boxes.get(uid) ?? {};
    void navigate(placeOf(own || project, { uid, label, kind, name }));
  };
  const other = to === undefined ? undefined : scene.boxes.get(to);
  const opened = (uids: string[]): void => change({ ...without(look, "more"), ...(uids.length > 0 && { more: uids }) });
  // Steps have steps of their own on one side only.
  const sides: Sides = {
    opened: more.map((uid) => opening(">", uid)),
    hidden: NOTHING_HIDDEN,
    open: (told) => opened([...more, ...told.map(uidOf)]),
    fold: (told) => opened(more.filter((uid) => uid !== uidOf(told))),
    foldAll: () => opened([]),
  };
  return (
    <div className={styles.frame}>
      <div className={styles.tools}>
        <FormChoice tab={form} only={["outline"]} change={(tab) => change({ ...without(look, "form"), ...(tab === "outline" && { form: tab }) })} />
        <TakeAlong scene={drawn?.scene ?? scene} places={form === undefined ? drawn?.places : undefined} />
      </div>
      <Notes scene={scene} compared={false} news={news} show={show} />
      <div className={styles.body}>
        <div className={pageStyles.view}>
          {form === "outline" ? (
            <OutlineView scene={scene} at={at} look={lookAt} sides={sides} />
          ) : (
            <GraphView
              scene={scene}
              at={at}
              to={to}
              target={undefined}
              fresh={fresh}
              seen={seen}
              look={lookAt}
              sides={sides}
              placed={placed}
            />
          )}
        </div>
        {box && (
          <BoxPanel
            key={box.id}
            box={box}
            project={project}
            focus={scene.boxes.get(scene.focus)}
            other={other}
            connected={other !== undefined && between(waysOf(scene), box.id, other.id).size > 0}
            sides={sides}
            acts={{ close: () => lookAt(undefined), open, way: setTo }}
          />
        )}
      </div>
    </div>
  );
}

const NOTHING_HIDDEN: ReadonlyMap<string, number> = new Map();

function without(look: SceneLook, key: keyof SceneLook): SceneLook {
  return Object.fromEntries(Object.entries(look).filter(([one]) => one !== key));
}

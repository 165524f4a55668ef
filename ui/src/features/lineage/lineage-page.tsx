/** What made a thing and what came of it: the graph, its outline, causes and impact, and a panel for the box
 * that is looked at. All of it stands in the address. */
import { useCallback, useId, useMemo, useState } from "react";
import { Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import { later } from "@/components/later";
import { Trouble } from "@/components/trouble";
import { useOwnProject } from "@/lib/own-project";
import { placeOf } from "@/lib/place-of";
import { useWords } from "@/lib/words";
import { BoxPanel } from "./box-panel";
import { CausesView } from "./causes-view";
import { CompareMenu } from "./compare-menu";
import { FilterBar } from "./filter-bar";
import { FindInView } from "./find-in-view";
import { facetsOf, filteredOut, untagged, without } from "./filtering";
import type { Filter, TagsOf } from "./filtering";
import { ImpactView } from "./impact-view";
import type { Places } from "./layout";
import { warmUp } from "./layout-client";
import { isTime } from "./lineage-search";
import type { LineageSearch } from "./lineage-search";
import { Folding, FormChoice, SelectorField, Steps } from "./lineage-tools";
import { Notes } from "./notes";
import { OutlineView } from "./outline-view";
import { askedOf, metricsQuery, sceneQuery, tagsQuery } from "./scene-query";
import { between, runsInStacks, waysOf } from "./scene";
import type { Scene } from "./scene";
import { selectionOf, selectorOf } from "./selector";
import { SIDES, branchOf, branchesIn, folded, hiddenIn } from "./sides";
import type { Sides } from "./sides";
import { spotOf } from "./spots";
import { StartFinder } from "./start-finder";
import { TakeAlong } from "./take-along";
import { TimeBar } from "./time-bar";
import { useFolded } from "./use-folded";
import { useLiveScene } from "./use-live-scene";
import { ViewSwitch } from "./view-switch";
import styles from "./lineage-page.module.css";

const GraphView = later(() => import("./graph-view").then(({ GraphView: it }) => it), () => <Skeleton height="100%" radius={0} aria-busy />);
// While one still looks for what to see, or its scene is on its way.
warmUp();
GraphView.fetch();

const NOTHING: readonly string[] = [];
/** What names boxes of the picture that one leaves. */
const ELSEWHERE = { at: undefined, to: undefined, more: undefined, pin: undefined, spot: undefined, hide: undefined, states: undefined } as const;
const FORMS = ["outline", "impact"] as const;
const FORMS_OF_TWO = [...FORMS, "causes"] as const;

type Change = (next: { [K in keyof LineageSearch]?: LineageSearch[K] | undefined }, replace?: boolean) => void;
type Focused = LineageSearch & { focus: string };

export function LineagePage() {
  const { project } = useParams({ from: "/p/$project/lineage" });
  const search = useSearch({ from: "/p/$project/lineage" });
  if (search.focus === undefined) return <StartFinder project={project} />;
  return <FocusedLineage project={project} search={{ ...search, focus: search.focus }} />;
}

/** The project of what a picture is about, as far as one may know it. */
function projectOf(scene: Scene | undefined): string | undefined {
  const focus = scene?.boxes.get(scene.focus);
  return focus?.opaque ? undefined : focus?.project;
}

/** The scene with what the address takes out of it. */
function useShown(scene: Scene | undefined, { kinds, states, projects, times, tags, hide }: LineageSearch, known: TagsOf | undefined) {
  const filter: Filter = useMemo(
    () => ({ kinds: kinds ?? NOTHING, states: states ?? NOTHING, projects: projects ?? NOTHING, times: times ?? NOTHING }),
    [kinds, states, projects, times],
  );
  const gone = useMemo(() => scene && hiddenIn(scene, hide ?? NOTHING), [scene, hide]);
  const shown = useMemo(() => scene && gone && without(scene, [...filteredOut(scene, filter), ...(known && tags ? untagged(scene, known, tags) : []), ...gone]), [scene, filter, known, tags, gone]);
  const facets = useMemo(() => scene && facetsOf(scene), [scene]);
  return { filter, shown, facets, hidden: gone?.size ?? 0 };
}

function useSides(scene: Scene | undefined, search: LineageSearch, change: Change): Sides {
  const more: readonly string[] = search.more ?? NOTHING;
  const hide: readonly string[] = search.hide ?? NOTHING;
  return useMemo(() => {
    const set = (key: "more" | "hide", all: readonly string[]): void => change({ [key]: all.length > 0 ? [...all] : undefined }, key === "more");
    return {
      opened: more,
      hidden: scene ? branchesIn(scene, hide) : new Map<string, number>(),
      open: (told) => set("more", [...more, ...told]),
      fold: (told) => set("more", scene ? folded(scene, more, told) : more),
      foldAll: () => set("more", NOTHING),
      hide: (told) => set("hide", [...hide, told]),
      show: (told) => set("hide", hide.filter((one) => one !== told)),
    };
  }, [scene, more, hide, change]);
}

function FocusedLineage({ project, search }: { project: string; search: Focused }) {
  const navigate = useNavigate({ from: "/p/$project/lineage" });
  const asked = useMemo(() => askedOf(search), [search]);
  const reading = useQuery({ ...sceneQuery(project, asked), placeholderData: keepPreviousData });
  const { refetch, isPlaceholderData } = reading;
  // A picture stays while the next one is read, not when that cannot be read: it answers another question.
  const error = reading.error ?? (isPlaceholderData ? reading.failureReason : null);
  const data = error && isPlaceholderData ? undefined : reading.data;
  useOwnProject(isPlaceholderData ? undefined : projectOf(data?.scene));
  const now = asked.asOf === undefined && asked.vs === undefined;
  const live = useLiveScene(project, asked, data?.scene, now);
  const [tagging, setTagging] = useState(search.tags !== undefined);
  const { data: known } = useQuery({ ...tagsQuery(project, data?.scene, tagging), placeholderData: keepPreviousData });
  const [ranking, setRanking] = useState(false);
  const { data: metrics } = useQuery({ ...metricsQuery(project, data?.scene, ranking), placeholderData: keepPreviousData });
  const { filter, shown, facets, hidden } = useShown(data?.scene, search, known);
  const [target, setTarget] = useState<{ id: string }>();
  const [drawn, setDrawn] = useState<{ scene: Scene; places: Places }>();
  const [timed, setTimed] = useState(false);
  const [tucked, tuck] = useFolded();

  const change: Change = useCallback(
    (next, replace = false) => void navigate({ search: (before: LineageSearch) => ({ ...before, ...next }) as LineageSearch, replace }),
    [navigate],
  );
  const sides = useSides(data?.scene, search, change);
  const { at } = search;
  const look = useCallback(
    (id: string | undefined, other = false): void => {
      if (other && id !== undefined && at !== undefined && id !== at) change({ to: id }, true);
      else change({ at: id, to: undefined }, true);
    },
    [change, at],
  );
  const go = (id: string): void => {
    look(id);
    setTarget({ id });
  };
  const placed = useCallback((scene: Scene, places: Places): void => setDrawn({ scene, places }), []);

  const timeBar = timed || asked.asOf !== undefined || (asked.vs !== undefined && isTime(asked.vs));
  return (
    <div className={styles.page}>
      <Tools {...{ project, search, asked, change, go, tucked, tuck }} scene={data?.scene} drawn={drawn} timed={timeBar} setTimed={setTimed} />
      {timeBar && data && (
        <TimeBar
          today={data.today}
          asOf={asked.asOf}
          vs={asked.vs}
          change={(times) => change(times, true)}
          close={() => (setTimed(false), change({ asOf: undefined, vs: undefined }))}
        />
      )}
      {facets && (
        <FilterBar
          facets={facets}
          filter={filter}
          choose={(facet, values) => change({ [facet]: values.length ? [...values] : undefined })}
          folded={tucked}
          hidden={hidden}
          showHidden={() => change({ hide: undefined })}
          tags={known}
          chosen={search.tags ?? NOTHING}
          askTags={() => setTagging(true)}
          chooseTags={(tags) => change({ tags: tags.length > 0 ? tags : undefined })}
          ranking={
            runsInStacks(data?.scene).length > 0 || search.best !== undefined
              ? { metrics, best: search.best, ask: () => setRanking(true), choose: (best) => change({ best }) }
              : undefined
          }
        />
      )}
      <Notes scene={data?.scene} compared={asked.vs !== undefined} news={live.news} show={live.show} />
      <div className={styles.body} aria-busy={isPlaceholderData || (!error && !shown)}>
        <div className={styles.view}>
          {error && !data && <Trouble error={error} retry={() => void refetch()} />}
          {!error && !shown && <Skeleton height="100%" radius={0} />}
          {shown && search.tab === "outline" && <OutlineView scene={shown} at={at} look={look} sides={sides} />}
          {shown && search.tab === "impact" && <ImpactView project={project} of={shown.focus} asOf={asked.asOf} look={(id) => change({ focus: id, at: undefined, tab: undefined })} />}
          {data?.causes && search.tab === "causes" && <CausesView causes={data.causes} look={look} />}
          {shown && (search.tab === undefined || (search.tab === "causes" && !data?.causes)) && (
            <GraphView
              scene={shown}
              at={at}
              to={search.to}
              target={target}
              fresh={live.fresh}
              seen={live.seen}
              look={look}
              sides={sides}
              {...(search.spot && { spots: search.spot })}
              placed={placed}
            />
          )}
        </div>
        {shown && <Panel project={project} scene={shown} search={search} change={change} sides={sides} places={drawn?.places} />}
      </div>
    </div>
  );
}

interface PanelProps {
  project: string;
  scene: Scene;
  search: Focused;
  change: Change;
  sides: Sides;
  places: Places | undefined;
}

function Panel({ project, scene, search, change, sides, places }: PanelProps) {
  const navigate = useNavigate();
  const box = search.at === undefined ? undefined : scene.boxes.get(search.at);
  if (!box) return null;
  const other = search.to === undefined ? undefined : scene.boxes.get(search.to);
  const pins = search.pin ?? [];
  const pinned = pins.includes(box.id);
  const pin = (id: string): void => {
    const rest = Object.fromEntries(Object.entries(search.spot ?? {}).filter(([one]) => one !== id));
    const spot = pinned ? undefined : spotOf(places, scene.focus, id);
    change({ pin: pinned ? pins.filter((one) => one !== id) : [...pins, id], spot: { ...rest, ...(spot && { [id]: spot }) } });
  };
  return (
    <BoxPanel
      key={box.id}
      box={box}
      project={project}
      focus={scene.boxes.get(scene.focus)}
      other={other}
      connected={other !== undefined && between(waysOf(scene), box.id, other.id).size > 0}
      pinned={pinned}
      sides={sides}
      branches={new Map(SIDES.map((mark) => [mark, branchOf(scene, mark + box.id).size]))}
      acts={{
        close: () => change({ at: undefined, to: undefined }, true),
        open: (uid) => void navigate(placeOf(box.project || project, { uid, label: box.label, kind: box.kind, name: box.title })),
        refocus: (uid) => change({ focus: uid, at: undefined, to: undefined, more: undefined, vs: undefined, spot: undefined }),
        pin,
        hide: (id) => change({ hide: [...(search.hide ?? []), id], at: undefined }),
        way: (to) => change({ to }, true),
      }}
    />
  );
}

interface ToolsProps {
  project: string;
  search: Focused;
  asked: ReturnType<typeof askedOf>;
  scene: Scene | undefined;
  drawn: { scene: Scene; places: Places } | undefined;
  timed: boolean;
  setTimed: (on: boolean) => void;
  /** where there is little room */
  tucked: boolean;
  tuck: (away: boolean) => void;
  change: Change;
  go: (id: string) => void;
}

function Tools({ project, search, asked, scene, drawn, timed, setTimed, tucked, tuck, change, go }: ToolsProps) {
  const { say } = useWords();
  const rest = useId();
  const reveal = useCallback((): void => tuck(false), [tuck]);
  const focus = scene?.boxes.get(scene.focus);
  const [up, down] = [asked.up ?? 1, asked.down ?? 1];
  // Steps that stood in a selector go into the address as such.
  const step = (next: { up?: number; down?: number }): void => change({ focus: selectionOf(search.focus).focus, up, down, ...next });
  const versus = asked.vs !== undefined && !isTime(asked.vs);
  return (
    <div className={styles.tools}>
      <h1 className={styles.title}>
        <bdi title={focus?.title || asked.focus}>{focus?.title || asked.focus}</bdi>
      </h1>
      <button type="button" className={`${styles.button} ${styles.unfold}`} aria-expanded={!tucked} aria-controls={rest} onClick={() => tuck(!tucked)}>
        <Icon name={tucked ? "down" : "up"} />
        <span>{say("lineage.tools")}</span>
      </button>
      <div id={rest} className={styles.rest} data-folded={tucked || undefined}>
        <SelectorField
          key={selectorOf(asked.focus, up, down)}
          text={selectorOf(asked.focus, up, down)}
          go={(text) => change({ focus: text, up: undefined, down: undefined, at: undefined, to: undefined, more: undefined })}
        />
        {focus && !versus && (
          <ViewSwitch
            key={focus.id}
            focus={focus}
            project={project}
            logical={asked.view === "LOGICAL"}
            turn={(uid, view) => change({ ...ELSEWHERE, focus: uid, up, down, view })}
          />
        )}
        {!versus && <Steps side="up" value={up} change={(value) => step({ up: value })} />}
        {!versus && <Steps side="down" value={down} change={(value) => step({ down: value })} />}
        {!versus && <Folding value={asked.group ?? "JOB"} change={(group) => change({ group: group === "JOB" ? undefined : group })} />}
        {scene && (
          <FindInView
            scene={scene}
            project={project}
            go={go}
            seek={reveal}
            bring={(uid) => (change({ pin: [...(search.pin ?? []), uid] }), go(uid))}
          />
        )}
        {focus && (
          <CompareMenu
            box={focus}
            vs={versus ? asked.vs : undefined}
            compare={(vs) => change({ vs, asOf: undefined, at: undefined, more: undefined, tab: vs === undefined ? undefined : "causes" })}
          />
        )}
        {!versus && (
          <button type="button" className={styles.button} aria-pressed={timed} onClick={() => setTimed(!timed)}>
            <Icon name="clock" />
            <span>{say("lineage.time")}</span>
          </button>
        )}
        {scene && <TakeAlong scene={drawn?.scene ?? scene} places={search.tab === undefined ? drawn?.places : undefined} />}
        <FormChoice tab={search.tab} only={versus ? FORMS_OF_TWO : FORMS} change={(tab) => change({ tab })} />
      </div>
    </div>
  );
}

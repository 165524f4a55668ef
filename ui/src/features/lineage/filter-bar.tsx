/** Chips for what is in the picture: a chosen one shows only its like, none chosen shows all. */
import { Icon } from "@/components/icon";
import { Picker } from "@/components/picker";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import type { Facet, Facets, Filter, TagsOf } from "./filtering";
import { metricOf } from "./scene";
import styles from "./filter-bar.module.css";

export interface FilterBarProps {
  /** where there is little room; what is chosen is seen all the same */
  folded: boolean;
  facets: Facets;
  filter: Filter;
  choose: (facet: Facet, values: readonly string[]) => void;
  /** how many boxes were hidden one by one */
  hidden: number;
  showHidden: () => void;
  /** of the boxes; undefined while it is not known */
  tags: TagsOf | undefined;
  chosen: readonly string[];
  askTags: () => void;
  chooseTags: (tags: string[]) => void;
  ranking: Ranking | undefined;
}

/** By which metric stacks of runs tell their best. */
export interface Ranking {
  /** names of metrics; undefined while they are not known */
  metrics: readonly string[] | undefined;
  best: string | undefined;
  ask: () => void;
  choose: (best: string | undefined) => void;
}

const KNOWN_STATES = ["complete", "cached", "ready", "failed", "aborted", "running", "queued", "declared", "pending", "archived", "deleted", "hidden", "stub"];
const LABELS = ["Artifact", "ArtifactVersion", "Run", "Job", "RegisteredModel", "ModelVersion", "Deployment"];

export function FilterBar({ folded, facets, filter, choose, hidden, showHidden, ranking, ...tagging }: FilterBarProps) {
  const { say } = useWords();
  const word = (facet: Facet, value: string): string => {
    if (facet === "states" && KNOWN_STATES.includes(value.toLowerCase())) return say(`state.${value.toLowerCase()}` as MessageId);
    if (facet === "times") return say(`lineage.age.${value}` as MessageId);
    return facet === "kinds" && LABELS.includes(value) ? say(`label.${value}` as MessageId) : value;
  };
  const shown = (Object.keys(facets) as Facet[]).filter((facet) => facets[facet].size > 1 || filter[facet].length > 0);
  const chosen = hidden > 0 || ranking?.best !== undefined || tagging.chosen.length > 0 || shown.some((facet) => filter[facet].length > 0);
  return (
    <div className={styles.bar} data-folded={(folded && !chosen) || undefined}>
      {shown.map((facet) => (
        <fieldset key={facet} aria-label={say(`lineage.filter.${facet}` as MessageId)} className={styles.group}>
          {[...new Set([...facets[facet].keys(), ...filter[facet]])].map((value) => {
            const on = filter[facet].includes(value);
            const next = on ? filter[facet].filter((one) => one !== value) : [...filter[facet], value];
            return (
              <button key={value} type="button" className={styles.chip} aria-pressed={on} onClick={() => choose(facet, next)}>
                {on && <Icon name="check" size={12} />}
                <bdi>{word(facet, value)}</bdi> <span className={styles.count}>{facets[facet].get(value) ?? 0}</span>
              </button>
            );
          })}
        </fieldset>
      ))}
      <TagPicker {...tagging} />
      {ranking && <BestPicker {...ranking} />}
      {hidden > 0 && (
        <button type="button" className={styles.chip} onClick={showHidden}>
          <Icon name="cross" size={12} /> {say("lineage.hide.count", { count: hidden })}
        </button>
      )}
    </div>
  );
}

function BestPicker({ metrics, best, ask, choose }: Ranking) {
  const { say } = useWords();
  const chosen = best === undefined ? [] : [metricOf(best)];
  const all = [...new Set([...(metrics ?? []), ...chosen])].toSorted();
  const choices = all.flatMap((metric) => [
    { value: metric, name: say("lineage.best.highest", { metric }) },
    { value: `-${metric}`, name: say("lineage.best.lowest", { metric }) },
  ]);
  return (
    <Picker
      label={say("lineage.best.choose")}
      groups={[{ choices }]}
      picked={best === undefined ? [] : [best]}
      single
      counted
      change={([value]) => choose(value)}
      narrow={say("lineage.best.narrow")}
      opened={ask}
      foot={metrics?.length === 0 && <p className="faint">{say("lineage.best.none")}</p>}
    />
  );
}

function TagPicker({ tags, chosen, askTags, chooseTags }: Pick<FilterBarProps, "tags" | "chosen" | "askTags" | "chooseTags">) {
  const { say } = useWords();
  const all = [...new Set([...chosen, ...(tags ? [...tags.values()].flat() : [])])].toSorted();
  return (
    <Picker
      label={say("tags")}
      groups={[{ choices: all.map((tag) => ({ value: tag, name: tag })) }]}
      picked={chosen}
      counted
      change={chooseTags}
      narrow={say("runs.filter.tags")}
      opened={askTags}
      foot={tags && <p className="faint">{say(all.length > 0 ? "lineage.filter.tags.how" : "lineage.filter.tags.none")}</p>}
    />
  );
}

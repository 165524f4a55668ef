/** What of the runs is asked for: words and comparisons, states, a job, columns, and views kept by name. */
import { Fragment, useEffect, useState } from "react";
import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Picker } from "@/components/picker";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { ageIn, isMine, peopleIn, tagsIn, withAge, withMine, withPeople, withTags } from "./conditions";
import { PLAIN_COLUMNS } from "./run-columns";
import { useColumnName } from "./run-table";
import { jobsQuery, keysQuery } from "./runs-query";
import { STATES, isFiltered, unfiltered, withValue } from "./runs-search";
import type { RunsSearch } from "./runs-search";
import { ViewsMenu } from "./views-menu";
import styles from "./filter-bar.module.css";

const PAUSE_MILLISECONDS = 250;

export interface FilterBarProps {
  project: string;
  search: RunsSearch;
  columns: readonly string[];
  change: (next: RunsSearch) => void;
  signedIn: boolean;
}

export function FilterBar({ project, search, columns, change, signedIn }: FilterBarProps) {
  const { say } = useWords();
  const { q = "" } = search;
  return (
    <>
      <search className={styles.bar} aria-label={say("runs.filter")}>
        <WordsField search={search} change={change} />
        <Picker
          label={say("runs.state")}
          groups={[{ choices: STATES.map((value) => ({ value, name: say(`state.${value.toLowerCase()}` as MessageId) })) }]}
          picked={search.states ?? []}
          counted
          change={(states) => change(withValue(search, "states", states))}
        />
        {(signedIn || isMine(q)) && (
          <Button
            variant={isMine(q) ? "light" : "default"}
            size="xs"
            aria-pressed={isMine(q)}
            onClick={() => change(withValue(search, "q", withMine(q, !isMine(q))))}
          >
            {say("runs.filter.mine")}
          </Button>
        )}
        {(signedIn || peopleIn(q).length > 0) && <PeoplePicker project={project} search={search} change={change} />}
        <JobPicker project={project} search={search} change={change} />
        <StartedPicker search={search} change={change} />
        <TagPicker project={project} search={search} change={change} />
        <ColumnPicker project={project} search={search} columns={columns} change={change} />
        <ViewsMenu project={project} search={search} />
        {isFiltered(search) && (
          <Button variant="subtle" size="xs" onClick={() => change(unfiltered(search))}>
            {say("runs.filter.clear")}
          </Button>
        )}
      </search>
      <Chosen search={search} />
    </>
  );
}

/** What the list is narrowed to, in words: for paper. */
function Chosen({ search }: Pick<FilterBarProps, "search">) {
  const { say } = useWords();
  if (!isFiltered(search)) return null;
  const states = search.states?.map((state) => say(`state.${state.toLowerCase()}` as MessageId)).join(", ");
  const facts = [[say("runs.filter.words"), search.q], [say("runs.state"), states], [say("runs.job"), search.job]] as const;
  return (
    <dl className={styles.told}>
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </Fragment>
        ),
      )}
    </dl>
  );
}

function WordsField({ search, change }: Pick<FilterBarProps, "search" | "change">) {
  const { say } = useWords();
  const [typed, setTyped] = useState(search.q ?? "");
  const [before, setBefore] = useState(search.q);
  const [composing, setComposing] = useState(false);
  const [calm] = useDebouncedValue(typed, PAUSE_MILLISECONDS);
  if (before !== search.q) {
    // Changed from outside, such as by a view that was chosen.
    setBefore(search.q);
    if ((search.q ?? "") !== typed.trim()) setTyped(search.q ?? "");
  }
  useEffect(() => {
    if (!composing && calm === typed && calm.trim() !== (search.q ?? "")) change(withValue(search, "q", calm.trim()));
  }, [calm, typed, composing, search, change]);
  return (
    <input
      type="search"
      className={styles.words}
      aria-label={say("runs.filter.words")}
      placeholder={say("runs.filter.hint")}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onCompositionStart={() => setComposing(true)}
      onCompositionEnd={() => setComposing(false)}
    />
  );
}

function JobPicker({ project, search, change }: Omit<FilterBarProps, "columns" | "signedIn">) {
  const { say } = useWords();
  const [asked, setAsked] = useState(search.job !== undefined);
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  const { data } = useQuery(jobsQuery(project, text, asked));
  const jobs = data?.jobs.edges.map(({ node }) => ({ value: node.uid, name: node.name })) ?? [];
  const chosen = jobs.find(({ value }) => value === search.job)?.name ?? search.job;
  return (
    <Picker
      label={chosen === undefined ? say("runs.job") : say("runs.filter.job", { job: chosen })}
      groups={[{ choices: jobs }]}
      picked={search.job === undefined ? [] : [search.job]}
      change={([job]) => change(withValue(search, "job", job))}
      single
      narrow={say("runs.filter.jobs")}
      typed={setTyped}
      opened={() => setAsked(true)}
      foot={data?.jobs.hasMore && <p className="faint">{say("runs.filter.jobs.more")}</p>}
    />
  );
}

const AGES = ["started>24h", "started>7d", "started>30d", "started>90d"] as const;
const AGE_WORDS: Record<(typeof AGES)[number], MessageId> = {
  "started>24h": "runs.filter.day",
  "started>7d": "runs.filter.week",
  "started>30d": "runs.filter.month",
  "started>90d": "runs.filter.quarter",
};

/** What is chosen here and of the tags stands in the field, where it can be said more exactly. */
function StartedPicker({ search, change }: Pick<FilterBarProps, "search" | "change">) {
  const { say } = useWords();
  const { q = "" } = search;
  const chosen = ageIn(q);
  return (
    <Picker
      label={say("runs.started")}
      groups={[{ choices: AGES.map((value) => ({ value, name: say(AGE_WORDS[value]) })) }]}
      picked={chosen === undefined ? [] : [chosen]}
      counted
      change={([age]) => change(withValue(search, "q", withAge(q, age)))}
      single
      foot={<p className="faint">{say("runs.filter.started.how")}</p>}
    />
  );
}

/** As they stand in the field: without the quotes of a name of several words. */
const nameIn = (condition: string): string => condition.slice("by=".length).replace(/^"(.*)"$/, "$1");

function PeoplePicker({ project, search, change }: Omit<FilterBarProps, "columns" | "signedIn">) {
  const { say } = useWords();
  const [asked, setAsked] = useState(false);
  const { data } = useQuery(keysQuery(project, search, asked));
  const { q = "" } = search;
  const picked = peopleIn(q);
  const people = [...new Set([...picked, ...(data?.people ?? [])])];
  return (
    <Picker
      label={say("runs.by")}
      groups={[{ choices: people.map((value) => ({ value, name: nameIn(value) })) }]}
      picked={picked}
      counted
      change={(next) => change(withValue(search, "q", withPeople(q, next)))}
      narrow={say("runs.filter.people")}
      opened={() => setAsked(true)}
      foot={<p className="faint">{say("runs.filter.people.how")}</p>}
    />
  );
}

function TagPicker({ project, search, change }: Omit<FilterBarProps, "columns" | "signedIn">) {
  const { say } = useWords();
  const [asked, setAsked] = useState(false);
  const { data } = useQuery(keysQuery(project, search, asked));
  const { q = "" } = search;
  const picked = tagsIn(q);
  const tags = [...new Set([...picked, ...(data?.tags ?? [])])];
  return (
    <Picker
      label={say("runs.tags")}
      groups={[{ choices: tags.map((value) => ({ value, name: value.slice("tag.".length) })) }]}
      picked={picked}
      counted
      change={(next) => change(withValue(search, "q", withTags(q, next)))}
      narrow={say("runs.filter.tags")}
      opened={() => setAsked(true)}
      foot={<p className="faint">{say(tags.length > 0 ? "runs.filter.tags.how" : "runs.filter.tags.none")}</p>}
    />
  );
}

function ColumnPicker({ project, search, columns, change }: Omit<FilterBarProps, "signedIn">) {
  const { say } = useWords();
  const nameOf = useColumnName();
  const [asked, setAsked] = useState(false);
  const [typed, setTyped] = useState("");
  const { data: keys } = useQuery(keysQuery(project, search, asked));
  const choices = (values: readonly string[]) => values.map((value) => ({ value, name: nameOf(value) }));
  const keyed = (prefix: string, names: readonly string[] = []): string[] => [
    ...new Set([...names.map((name) => prefix + name), ...columns.filter((one) => one.startsWith(prefix))]),
  ];
  const set = (cols: string[]): void => change({ ...search, cols });
  return (
    <Picker
      label={say("runs.columns")}
      groups={[
        { title: say("runs.columns.plain"), choices: choices(PLAIN_COLUMNS) },
        { title: say("runs.columns.metrics"), choices: choices(keyed("m.", keys?.metrics)) },
        { title: say("runs.columns.params"), choices: choices(keyed("p.", keys?.params)) },
      ]}
      picked={columns}
      change={set}
      narrow={say("runs.columns.narrow")}
      opened={() => setAsked(true)}
      typed={setTyped}
      foot={<MoreColumns typed={typed.trim()} columns={columns} every={keyed("m.", keys?.metrics)} set={set} />}
    />
  );
}

interface MoreColumnsProps {
  typed: string;
  columns: readonly string[];
  /** columns of all metrics that are known */
  every: readonly string[];
  set: (columns: string[]) => void;
}

/** Keys are known of the first runs only: any other can be typed. */
function MoreColumns({ typed, columns, every, set }: MoreColumnsProps) {
  const { say } = useWords();
  const add = (more: readonly string[]): void => set([...new Set([...columns, ...more])]);
  if (typed === "") {
    const left = every.some((one) => !columns.includes(one));
    return (
      left && (
        <Button size="compact-xs" variant="default" onClick={() => add(every)}>
          {say("runs.columns.every")}
        </Button>
      )
    );
  }
  return (
    <div className={styles.more}>
      <Button size="compact-xs" variant="default" onClick={() => add([`m.${typed}`])}>
        {say("runs.columns.add.metric", { key: typed })}
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => add([`p.${typed}`])}>
        {say("runs.columns.add.param", { key: typed })}
      </Button>
    </div>
  );
}

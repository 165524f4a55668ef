/** Metrics of a run as curves, some at a time, which grow as it goes on. */
import { useMemo, useState } from "react";
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Cards } from "@/components/card";
import { CurveChart, historiesQuery } from "@/components/charts/curve-chart";
import { LookBar } from "@/components/charts/look-bar";
import { lookIn, searchOf } from "@/components/charts/look-search";
import { EmptyState } from "@/components/empty-state";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import type { Run } from "./run-query";
import styles from "./metrics-part.module.css";

const AT_ONCE = 8;

export function MetricsPart({ run }: { run: Run }) {
  const { say } = useWords();
  if (run.metrics.length === 0) {
    return (
      <EmptyState
        kind="none"
        title={say(run.endedAt ? "run.metrics.never" : "run.metrics.none")}
        why={say(run.endedAt ? "run.metrics.never.why" : "run.metrics.none.why")}
        snippet={'run.log({"loss": 0.25}, step=1)'}
      />
    );
  }
  return <Curves uid={run.uid} name={run.name || run.jobName} keys={run.metrics.map(({ key }) => key)} />;
}

function Curves({ uid, name, keys }: { uid: string; name: string; keys: readonly string[] }) {
  const { say } = useWords();
  const navigate = useNavigate({ from: "/p/$project/runs/$uid" });
  const search = useSearch({ from: "/p/$project/runs/$uid" });
  const [text, setText] = useState("");
  const [shown, setShown] = useState(AT_ONCE);
  const wanted = text.trim().toLowerCase();
  const found = useMemo(() => keys.filter((key) => key.toLowerCase().includes(wanted)), [keys, wanted]);
  const asked = found.slice(0, shown);
  const { axis, smooth, logx, logy } = search;
  const { data, error, refetch } = useQuery(historiesQuery([uid], asked, axis ?? "step"));
  const look = useMemo(() => lookIn({ axis, smooth, logx, logy } as typeof search), [axis, smooth, logx, logy]);
  const curves = useMemo(
    () =>
      new Map((data?.[0]?.series ?? []).map((series) => [series.key, [{ run: uid, name, series }]])),
    [data, uid, name],
  );
  return (
    <>
      <div className={styles.bar}>
        <input
          type="search"
          aria-label={say("run.metrics.narrow")}
          placeholder={say("run.metrics.narrow")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <LookBar
          look={look}
          change={(next) => void navigate({ search: { tab: "metrics", ...searchOf(next) }, replace: true })}
        />
      </div>
      {error && !data && <Trouble error={error} retry={() => void refetch()} />}
      {!error && !data && asked.length > 0 && <Skeleton height={280} />}
      {found.length === 0 && (
        <EmptyState kind="filtered" title={say("run.metrics.filtered")} why={say("run.metrics.filtered.why", { count: keys.length })} />
      )}
      <Cards>
        {asked.map((key) => {
          const told = curves.get(key);
          return told && <CurveChart key={key} title={key} curves={told} look={look} />;
        })}
      </Cards>
      {found.length > shown && (
        <Button variant="default" onClick={() => setShown(shown + AT_ONCE)}>
          {say("run.metrics.more", { count: found.length - shown })}
        </Button>
      )}
    </>
  );
}

/** Who did what to a model, and why, the newest first. */
import { useState } from "react";
import { Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ListTable } from "@/components/list-table";
import { More } from "@/components/more";
import { EmptyState } from "@/components/empty-state";
import { TimeAgo } from "@/components/time-ago";
import { Rows, Told, brief } from "@/components/told";
import { Trouble } from "@/components/trouble";
import { figure } from "@/lib/format";
import { placeOf } from "@/lib/place-of";
import { versionApart } from "@/lib/version-apart";
import { useWords } from "@/lib/words";
import { factsOf, sentenceOf } from "./deeds";
import type { Fact } from "./deeds";
import { MOST_DEEDS, activityQuery, nameOf } from "./model-query";
import type { Activity } from "./model-query";
import styles from "./model-history.module.css";

/** Shown at first. */
const DEEDS = 50;

export function ModelHistory({ of, project }: { of: string; project: string }) {
  const { say } = useWords();
  const [first, setFirst] = useState(DEEDS);
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...activityQuery(of, first), placeholderData: keepPreviousData });
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={240} />;
  if (data.deeds.length === 0) return <EmptyState kind="none" title={say("history.none")} why={say("history.none.why")} />;
  return (
    <>
      <ListTable
        label={say("model.history")}
        columns={[say("history.when"), say("history.who"), say("history.what"), say("compare.before"), say("compare.after"), say("form.reason")]}
      >
        {data.deeds.map((one, at) => (
          <DeedRow key={at} deed={one} project={project} />
        ))}
      </ListTable>
      <More left={data.left && first < MOST_DEEDS} loading={isPlaceholderData} ask={() => setFirst(MOST_DEEDS)} />
      {data.left && first === MOST_DEEDS && <p className="faint">{say("history.more", { count: MOST_DEEDS })}</p>}
    </>
  );
}

function DeedRow({ deed, project }: { deed: Activity; project: string }) {
  const { say } = useWords();
  const sentence = sentenceOf(deed);
  return (
    <tr>
      <td>
        <TimeAgo time={deed.at} />
      </td>
      <td>
        <bdi>{nameOf(deed.by)}</bdi>
      </td>
      <td className={styles.deed}>{sentence ? say(sentence.id, sentence.values) : <code>{[deed.action, deed.alias, deed.version].filter(Boolean).join(" ")}</code>}</td>
      {(["before", "after"] as const).map((side) => (
        <td key={side}>{sentence ? <Facts facts={factsOf(deed, side)} project={project} /> : <Told value={deed[side]} />}</td>
      ))}
      <td>
        <bdi>{deed.reason}</bdi>
      </td>
    </tr>
  );
}

function Facts({ facts, project }: { facts: readonly Fact[]; project: string }) {
  const { say } = useWords();
  return (
    <Rows
      rows={facts.map(({ name, value }, at) => [
        typeof name === "string" ? say(name) : <code key={at}>{name.told}</code>,
        <Value key={at} value={value} project={project} />,
      ])}
    />
  );
}

function Value({ value, project }: { value: Fact["value"]; project: string }) {
  const { say, language } = useWords();
  if ("word" in value) return say(value.word);
  if ("number" in value) return <span data-value>{figure(value.number, language)}</span>;
  if ("text" in value) return <bdi>{brief(value.text)}</bdi>;
  const { of, v = "" } = versionApart(value.uid);
  const [owner, , ...name] = of.slice(of.indexOf(":") + 1).split("/");
  return (
    <Link {...placeOf(owner || project, { uid: value.uid, label: "ArtifactVersion", kind: "", name: of })}>
      <bdi>{`${name.join("/")}@${v.slice(0, SHOWN)}`}</bdi>
    </Link>
  );
}

/** Signs of a digest: enough to tell versions apart. */
const SHOWN = 15;

/** Finds boxes of the picture by a word of their names, then what else the server knows by it. */
import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { flushSync } from "react-dom";
import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Icon } from "@/components/icon";
import { kindIcon } from "@/components/kinds";
import { SearchDocument, VersionsDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { useWords } from "@/lib/words";
import { boxWords } from "./box-words";
import { named } from "./filtering";
import type { Scene } from "./scene";
import styles from "./find-in-view.module.css";

const PAUSE_MILLISECONDS = 200;
const MOST_FOUND = 8;
/** What has a place in a picture of versions and runs. */
const LABELS = ["Artifact", "ArtifactVersion", "Run", "ModelVersion", "Deployment"];

export interface FindInViewProps {
  scene: Scene;
  project: string;
  /** goes to a box of the picture */
  go: (id: string) => void;
  /** is told before the field is led into where it is out of sight */
  seek: () => void;
  /** brings one into it that is not there */
  bring: (uid: string) => void;
}

/** `/` leads into the field from anywhere on the page where nothing is typed. */
function useSlash(field: React.RefObject<HTMLInputElement | null>, seek: () => void): void {
  useEffect(() => {
    const pressed = (event: globalThis.KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || event.isComposing || event.ctrlKey || event.metaKey || typing) return;
      event.preventDefault();
      if (!field.current?.checkVisibility()) flushSync(seek);
      field.current?.focus();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [field, seek]);
}

/** Of an artifact its newest version: that is what has a place here. */
async function newestOf({ uid, label }: { uid: string; label: string }): Promise<string | undefined> {
  if (label !== "Artifact") return uid;
  const { versions } = await ask(VersionsDocument, { artifact: uid, orderBy: { by: "ORDINAL", direction: "DESC" }, first: 1 });
  return versions.edges[0]?.node.uid;
}

export function FindInView({ scene, project, go, seek, bring }: FindInViewProps) {
  const { say } = useWords();
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  useSlash(field, seek);
  const here = named(scene, typed, (box) => boxWords(box, say).title).slice(0, MOST_FOUND);
  const { data } = useQuery({
    queryKey: ["search", project, text, "view"],
    queryFn: ({ signal }) => ask(SearchDocument, { text, project, labels: LABELS, first: MOST_FOUND }, signal),
    enabled: text !== "",
    placeholderData: keepPreviousData,
  });
  const elsewhere = text ? (data?.search.edges ?? []).map(({ node }) => node).filter(({ uid }) => !scene.boxes.has(uid)) : [];

  const done = (act: () => void) => (): void => {
    setTyped("");
    act();
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") setTyped("");
    if (event.key === "Enter" && here[0]) done(() => go(here[0]?.id ?? ""))();
  };
  return (
    <search className={styles.find}>
      <TextInput
        ref={field}
        size="xs"
        aria-label={say("lineage.find")}
        placeholder={say("lineage.find")}
        aria-keyshortcuts="/"
        leftSection={<Icon name="search" size={14} />}
        value={typed}
        onKeyDown={pressed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {typed.trim() !== "" && (
        <div className={styles.found}>
          {here.length > 0 && <h2>{say("lineage.find.here")}</h2>}
          {here.map((box) => (
            <button key={box.id} type="button" onClick={done(() => go(box.id))}>
              <Icon name={box.stack ? "stack" : kindIcon(box.label, box.kind)} size={16} />
              <bdi>{boxWords(box, say).title}</bdi>
            </button>
          ))}
          {elsewhere.length > 0 && <h2>{say("lineage.find.bring")}</h2>}
          {elsewhere.map((node) => (
            <button key={node.uid} type="button" onClick={done(() => void newestOf(node).then((uid) => uid && bring(uid)))}>
              <Icon name={kindIcon(node.label, node.kind)} size={16} />
              <bdi>{"ordinal" in node && node.ordinal !== null ? `${node.name}@${node.ordinal}` : node.name}</bdi>
            </button>
          ))}
          {here.length + elsewhere.length === 0 && <p>{say(text === typed.trim() ? "palette.nothing" : "palette.busy", { text: typed })}</p>}
        </div>
      )}
    </search>
  );
}

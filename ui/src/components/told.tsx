/** What an audit record holds, as its names and values: what was told, or stood before. */
import type { ReactNode } from "react";
import styles from "./told.module.css";

/** ``value``: a JSON object, as such or as text; any other text is shown as it is. */
export function Told({ value }: { value: unknown }) {
  const facts = factsOf(value);
  if (typeof facts === "string") return <code className={styles.told}>{facts}</code>;
  return <Rows rows={Object.entries(facts).map(([name, one]) => [<code key={name}>{name}</code>, <bdi key={name}>{brief(typeof one === "string" ? one : JSON.stringify(one))}</bdi>])} />;
}

/** Names and values one below the other, as small as what is told beside other things. */
export function Rows({ rows }: { rows: readonly (readonly [name: ReactNode, value: ReactNode])[] }) {
  return (
    <dl className={styles.told}>
      {rows.map(([name, value], at) => (
        <div key={at}>
          <dt>{name}</dt>{" "}
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const LONGEST = 300;

export function brief(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

function factsOf(value: unknown): string | Record<string, unknown> {
  if (value === null || value === undefined) return "";
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  if (typeof value !== "string") return JSON.stringify(value);
  if (!value.startsWith("{")) return value;
  try {
    return factsOf(JSON.parse(value));
  } catch {
    return value;
  }
}

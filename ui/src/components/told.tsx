/** What an audit record holds, as its names and values: what was told, or stood before. */
import styles from "./told.module.css";

/** ``value``: a JSON object, as such or as text; any other text is shown as it is. */
export function Told({ value }: { value: unknown }) {
  const facts = factsOf(value);
  if (typeof facts === "string") return <code className={styles.told}>{facts}</code>;
  return (
    <dl className={styles.told}>
      {Object.entries(facts).map(([name, one]) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
          </dt>
          <dd>
            <bdi>{brief(typeof one === "string" ? one : JSON.stringify(one))}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const LONGEST = 300;

function brief(text: string): string {
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

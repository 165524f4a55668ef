/** Tags as they were given: key and value. */
import styles from "./tags.module.css";

export function Tags({ tags }: { tags: readonly { key: string; value: string }[] }) {
  if (!tags.length) return null;
  return (
    <ul className={styles.tags}>
      {tags.map(({ key, value }) => (
        <li key={key}>
          <bdi>{value ? `${key}: ${value}` : key}</bdi>
        </li>
      ))}
    </ul>
  );
}

/** One word with a frame, such as an alias. */
export function Mark({ children }: { children: string }) {
  return <bdi className={styles.mark}>{children}</bdi>;
}

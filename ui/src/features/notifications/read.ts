/** What somebody has read, as their browser remembers it: ids of notifications, the last ones first. */
import { useMemo, useSyncExternalStore } from "react";

const KEPT = "lineage.read.";
/** More than the server tells at once, so that what was read stays so. */
const MOST = 500;

/** From what was kept; nothing where that is no list of ours. */
export function parsed(text: string | null): string[] {
  try {
    const told: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(told) ? told.filter((one): one is string => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** With these read, too; the oldest are forgotten. */
export function withRead(kept: readonly string[], ids: readonly string[]): string[] {
  return [...new Set([...ids, ...kept])].slice(0, MOST);
}

const listeners = new Set<() => void>();

/** Also of what is read in another tab. */
function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  window.addEventListener("storage", changed);
  return () => {
    listeners.delete(changed);
    window.removeEventListener("storage", changed);
  };
}

export interface ReadMarks {
  isRead: (id: string) => boolean;
  mark: (ids: readonly string[]) => void;
}

/** What `person` has read in this browser. */
export function useRead(person: string): ReadMarks {
  const key = KEPT + person;
  const text = useSyncExternalStore(subscribe, () => localStorage.getItem(key));
  return useMemo(() => {
    const known = new Set(parsed(text));
    return {
      isRead: (id) => known.has(id),
      mark: (ids) => {
        localStorage.setItem(key, JSON.stringify(withRead(parsed(localStorage.getItem(key)), ids)));
        listeners.forEach((changed) => changed());
      },
    };
  }, [key, text]);
}

/** Whether the tools of a picture are folded where there is little room; as it was left the last time. */
import { useCallback, useState } from "react";

const KEPT = "lineage.tools";

export function useFolded(): [folded: boolean, fold: (folded: boolean) => void] {
  const [folded, setFolded] = useState(() => localStorage.getItem(KEPT) !== "open");
  const fold = useCallback((next: boolean): void => {
    if (next) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, "open");
    setFolded(next);
  }, []);
  return [folded, fold];
}

/** The time, for what grows while one looks at it. */
import { useEffect, useState } from "react";

const EVERY_MILLISECONDS = 1_000;

/** Milliseconds; it goes on each second while something is `going`. */
export function useNow(going: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!going) return;
    const timer = setInterval(() => setNow(Date.now()), EVERY_MILLISECONDS);
    return () => clearInterval(timer);
  }, [going]);
  return now;
}

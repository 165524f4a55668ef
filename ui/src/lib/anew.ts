/** Reading again what is shown, as of now. */
import type { InvalidateQueryFilters, QueryClient } from "@tanstack/react-query";

/** Returns when it was read. What is on its way for the first time was asked for before this, and is read once more. */
export async function readAnew(queries: QueryClient, which: InvalidateQueryFilters): Promise<void> {
  const underWay = queries.getQueryCache().findAll({ ...which, fetchStatus: "fetching" });
  const first = underWay.some(({ state }) => state.data === undefined);
  await queries.invalidateQueries(which);
  if (first) await queries.invalidateQueries(which);
}

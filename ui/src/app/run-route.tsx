/** The page of a run, given what draws its steps: features know nothing of each other. */
import { Skeleton } from "@mantine/core";
import { later } from "@/components/later";
import { RunPage } from "@/features/run/run-page";

const Steps = later(() => import("@/features/lineage/run-steps").then(({ RunSteps: it }) => it), () => <Skeleton height={420} />);

export function RunRoute() {
  return <RunPage steps={Steps} />;
}

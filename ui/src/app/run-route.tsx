/** The page of a run, given what draws its steps: features know nothing of each other. */
import { lazy } from "react";
import { RunPage } from "@/features/run/run-page";
import { codeOf } from "@/lib/code";

const Steps = lazy(() => codeOf(import("@/features/lineage/run-steps")).then(({ RunSteps }) => ({ default: RunSteps })));

export function RunRoute() {
  return <RunPage steps={Steps} />;
}

/** The picture of versions, loaded when it is looked at. */
import { lazy } from "react";
import { codeOf } from "@/lib/code";

export const VersionTree = lazy(() => codeOf(import("@/features/lineage/version-tree")).then(({ VersionTree: it }) => ({ default: it })));

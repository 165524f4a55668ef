/** The picture of versions, loaded when it is looked at. */
import { Skeleton } from "@mantine/core";
import { later } from "@/components/later";

export const VersionTree = later(
  () => import("@/features/lineage/version-tree").then(({ VersionTree: it }) => it),
  () => <Skeleton height={420} />,
);

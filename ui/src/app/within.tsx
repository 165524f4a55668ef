/** The page of an address, if there is such a project; else that there is none, on every page of it. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { NoProject } from "@/features/home/no-project";
import { thereQuery } from "@/features/home/there-query";
import type { ShellQuery } from "@/gql/graphql";
import { isOfAll, isUseful, leadsOn } from "./pages";
import { shellQuery } from "./shell-query";
import styles from "./shell.module.css";

const LOOKED_FOR_MILLISECONDS = 3_000;

export function Within({ project, shell: { me, projects } }: { project: string; shell: ShellQuery }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const listed = projects.edges.some(({ node }) => node.name === project);
  const { data: there, isPending } = useQuery({ ...thereQuery(project), enabled: !listed });
  const gone = !listed && there === false && !isOfAll(path);
  const unknown = !listed && isPending && !isOfAll(path);
  const role = me.everywhere ?? me.projects.find((one) => one.project === project)?.role;
  const records = me.platformAdmin || role === "EDITOR" || role === "ADMIN";
  const useful = records && isUseful(path);
  // The sample, and whatever else is recorded meanwhile, may come as another project.
  useQuery({ ...shellQuery, enabled: gone, refetchInterval: LOOKED_FOR_MILLISECONDS });
  return (
    <>
      {gone && <NoProject project={project} sees={records || role !== undefined} records={records} signedIn={me.kind !== "local"} others={projects.edges.map(({ node }) => node.name)} brief={useful} />}
      {unknown && !leadsOn(path) && <Skeleton height="100%" radius={0} />}
      {((!gone && !unknown) || leadsOn(path) || (gone && useful)) && (
        <div className={styles.within} hidden={gone && !useful}>
          <Outlet />
        </div>
      )}
    </>
  );
}

/** What a link to a shared view leads to: the list as the view shows it now, or that there is no such view. */
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { Trouble } from "@/components/trouble";
import { useWords } from "@/lib/words";
import { searchOf } from "./views";
import { viewsQuery } from "./views-query";
import styles from "./runs-page.module.css";

export function ViewLink({ project, uid }: { project: string; uid: string }) {
  const { say } = useWords();
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{say("page.runs")}</h1>
      </header>
      <Opening project={project} uid={uid} />
    </div>
  );
}

function Opening({ project, uid }: { project: string; uid: string }) {
  const { say } = useWords();
  const { data, error, refetch } = useQuery(viewsQuery(project));
  if (error && !data) return <Trouble alone error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height="100%" />;
  const view = data.views.find((one) => one.uid === uid);
  if (view) return <Navigate to="/p/$project/runs" params={{ project }} search={searchOf(view)} replace />;
  return (
    <EmptyState
      kind="none"
      title={say("runs.views.gone")}
      why={say("runs.views.gone.why")}
      action={<Button renderRoot={(rest) => <Link to="/p/$project/runs" params={{ project }} {...rest} />}>{say("runs.views.gone.all")}</Button>}
    />
  );
}

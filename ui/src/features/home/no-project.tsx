/** Where a page of a project would be that is not there: why, where the others are, and how to begin this one. */
import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { useLiveRuns } from "@/lib/live";
import { useWords } from "@/lib/words";
import { FirstSteps, OWN_PROJECT } from "./first-steps";
import { HealthStrip } from "./health-strip";
import { thereKey } from "./there-query";
import styles from "./home-page.module.css";

const MOST_OTHERS = 5;

export interface NoProjectProps {
  project: string;
  /** one would see it if it was there, so it is not; else nobody says which */
  sees: boolean;
  /** and may begin it */
  records: boolean;
  /** else nobody signs in at this server */
  signedIn: boolean;
  /** those that are there */
  others: readonly string[];
  /** in a line, above a page that is of use all the same */
  brief?: boolean;
}

export function NoProject({ project, sees, records, signedIn, others, brief = false }: NoProjectProps) {
  const { say } = useWords();
  const all = (
    <Link to="/p/$project/projects" params={{ project }}>
      {say("noproject.all")}
    </Link>
  );
  if (!sees) return <EmptyState alone kind="forbidden" title={say("noproject.unseen", { project })} why={say("noproject.unseen.why")} action={all} />;
  if (!records) return <EmptyState alone kind="none" title={say("noproject.none", { project })} why={say("noproject.none.why")} action={all} />;
  if (!brief) return <Beginning project={project} signedIn={signedIn} others={others} all={all} />;
  return (
    <output className={styles.note}>
      {say("noproject.brief", { project })} {say("noproject.none.why")} {all}
    </output>
  );
}

/** Goes by itself once something is recorded. Nobody mistypes the project where clients record by themselves. */
function Beginning({ project, signedIn, others, all }: Pick<NoProjectProps, "project" | "signedIn" | "others"> & { all: ReactNode }) {
  const { say } = useWords();
  useLiveRuns(project, thereKey(project));
  return (
    <div className={styles.page}>
      <h1>{project === OWN_PROJECT ? project : say("noproject.none", { project })}</h1>
      {project !== OWN_PROJECT && (
        <p className={styles.unbegun}>
          {say("noproject.none.why")} {all}
        </p>
      )}
      {project === OWN_PROJECT && others.length > 0 && (
        <p className={styles.unbegun}>
          {say("noproject.others")}{" "}
          {others.slice(0, MOST_OTHERS).map((name) => (
            <Link key={name} to="/p/$project" params={{ project: name }} className={styles.other}>
              <bdi>{name}</bdi>
            </Link>
          ))}
          {all}
        </p>
      )}
      <HealthStrip project={project} />
      <FirstSteps project={project} signedIn={signedIn} />
    </div>
  );
}

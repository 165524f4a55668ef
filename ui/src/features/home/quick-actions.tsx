/** What one does from here most often. */
import { Link } from "@tanstack/react-router";
import { useWords } from "@/lib/words";
import { Card } from "./card";
import styles from "./home-page.module.css";

export function QuickActions({ project, newest }: { project: string; newest?: string | undefined }) {
  const { say } = useWords();
  return (
    <Card title={say("home.actions")}>
      <ul className={styles.actions}>
        {newest && (
          <li>
            <Link to="/p/$project/lineage" params={{ project }} search={{ focus: newest }}>
              {say("home.actions.lineage")}
            </Link>
          </li>
        )}
        <li>
          <Link to="/p/$project/models" params={{ project }} search={{ form: true }}>
            {say("action.register")}
          </Link>
        </li>
        <li>
          <Link to="/p/$project/settings" params={{ project }} search={{ view: "tokens", create: true }}>
            {say("action.token")}
          </Link>
        </li>
        <li>
          <Link to="/p/$project/search" params={{ project }}>
            {say("home.actions.search")}
          </Link>
        </li>
      </ul>
    </Card>
  );
}

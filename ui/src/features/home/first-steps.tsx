/** Waits for the first run and says how to make one; goes by itself when it has come. */
import { Loader } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Snippet } from "@/components/snippet";
import { useWords } from "@/lib/words";
import styles from "./first-steps.module.css";

/** Where clients record that name none. */
export const OWN_PROJECT = "default";

/** The clients' own address needs not be told; the same for the project that they take by themselves. */
function settings(project: string): string {
  const { origin } = window.location;
  const lines = [
    ...(origin === "http://127.0.0.1:8080" ? [] : [`export LINEAGE_URL=${origin}`]),
    ...(project === OWN_PROJECT ? [] : [`export LINEAGE_PROJECT='${project.replaceAll("'", "'\\''")}'`]),
  ];
  return lines.join("\n");
}

const FIVE_LINES = `import lineage_server as lineage

with lineage.start_run("train", params={"lr": 0.1}) as run:
    run.use({"petal": [1.4, 4.7], "kind": [0, 1]}, name="iris", type="dataset")
    run.log({"loss": 0.25}, step=1)
    run.produce("classifier", {"weights": [0.4, -1.2]}, type="model")
print(lineage.lineage("model:classifier"))`;

export interface FirstStepsProps {
  project: string;
  /** so programs have to say who they are, too */
  signedIn: boolean;
}

export function FirstSteps({ project, signedIn }: FirstStepsProps) {
  const { say } = useWords();
  const told = settings(project);
  return (
    <section className={styles.card}>
      <h2>{say("first.title")}</h2>
      <p className="faint">{say("first.what")}</p>
      <ol>
        {told && (
          <li>
            <h3>{say("first.settings")}</h3>
            <Snippet text={told} />
          </li>
        )}
        {signedIn && (
          <li>
            <h3>{say("first.token")}</h3>
            <Snippet text="export LINEAGE_TOKEN=lin_…" />
            <Link to="/p/$project/settings" params={{ project }} search={{ view: "tokens", create: true }}>
              {say("action.token")}
            </Link>
          </li>
        )}
        <li>
          <h3>{say("first.lines")}</h3>
          <Snippet text={FIVE_LINES} />
        </li>
        <li>
          <h3>{say("first.sample")}</h3>
          <Snippet text="lineage demo" />
        </li>
      </ol>
      <output className={styles.waiting}>
        <Loader size="xs" type="dots" /> {say("first.waiting")}
      </output>
    </section>
  );
}

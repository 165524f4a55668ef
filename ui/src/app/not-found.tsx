import { Link } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { useWords } from "@/lib/words";

export function NotFound() {
  const { say } = useWords();
  return (
    <main>
      <EmptyState
        kind="none"
        title={say("missing.title")}
        why={say("missing.why")}
        action={<Link to="/">{say("missing.home")}</Link>}
      />
    </main>
  );
}

/** Where nothing is: on a page of its own, or in the frame of a project. */
import { Link } from "@tanstack/react-router";
import { EmptyState } from "@/components/empty-state";
import { useWords } from "@/lib/words";

export function NotFound() {
  return (
    <main>
      <NotFoundHere />
    </main>
  );
}

export function NotFoundHere() {
  const { say } = useWords();
  return <EmptyState alone kind="none" title={say("missing.title")} why={say("missing.why")} action={<Link to="/">{say("missing.home")}</Link>} />;
}

/** At the end of a list of pages: asks for the next one, while there is one. */
import { Button } from "@mantine/core";
import { useWords } from "@/lib/words";

interface MoreProps {
  /** whether there is a next page */
  left: boolean;
  loading: boolean;
  ask: () => unknown;
  size?: "xs";
}

export function More({ left, loading, ask, size }: MoreProps) {
  const { say } = useWords();
  if (!left) return null;
  return (
    <Button variant="default" loading={loading} onClick={() => void ask()} {...(size && { size })}>
      {say("action.more")}
    </Button>
  );
}

/** "3 minutes ago", with the full time on it. */
import { ago, moment } from "@/lib/format";
import { useWords } from "@/lib/words";

export function TimeAgo({ time }: { time: string | null | undefined }) {
  const { language } = useWords();
  if (!time) return null;
  return (
    <time dateTime={time} title={moment(time, language)}>
      {ago(time, language)}
    </time>
  );
}

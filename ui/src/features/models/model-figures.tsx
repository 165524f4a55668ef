/** Metrics of versions side by side; the least and the greatest stand out, since only people know which is better. */
import { ListTable } from "@/components/list-table";
import { EmptyState } from "@/components/empty-state";
import { figure } from "@/lib/format";
import { useWords } from "@/lib/words";
import { figureRows } from "./figures";
import type { ModelVersion } from "./model-query";

export function ModelFigures({ versions }: { versions: readonly ModelVersion[] }) {
  const { say, language } = useWords();
  const rows = figureRows(versions);
  if (rows.length === 0) return <EmptyState kind="none" title={say("figures.none")} why={say("figures.none.why")} />;
  const names = versions.map(({ version }) => <bdi key={version}>{version}</bdi>);
  const marked = rows.some(({ greatest, least }) => greatest !== undefined || least !== undefined);
  return (
    <>
      <ListTable label={say("version.compare")} columns={[say("model.figures"), ...names]}>
        {rows.map(({ key, values, least, greatest }) => (
          <tr key={key}>
            <th scope="row">
              <bdi>{key}</bdi>
            </th>
            {values.map((value, at) => (
              <td key={versions[at]?.uid} data-value>
                {value !== undefined && figure(value, language)}
                {greatest !== undefined && value === greatest && <Mark sign="▲" means={say("schema.max")} />}
                {least !== undefined && value === least && <Mark sign="▽" means={say("schema.min")} />}
              </td>
            ))}
          </tr>
        ))}
      </ListTable>
      {marked && (
        <p className="faint">
          ▲ {say("schema.max")} · ▽ {say("schema.min")}
        </p>
      )}
    </>
  );
}

function Mark({ sign, means }: { sign: string; means: string }) {
  return (
    <>
      <span aria-hidden="true" title={means}>
        {` ${sign}`}
      </span>
      <span className="unseen">{` ${means}`}</span>
    </>
  );
}

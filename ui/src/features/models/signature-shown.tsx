/** What goes into a model and comes out of it: as tables, as far as it is told by columns. */
import { ListTable } from "@/components/list-table";
import { useWords } from "@/lib/words";
import { signatureOf } from "./signature";
import type { SignatureColumn } from "./signature";
import styles from "./models.module.css";

export function SignatureShown({ told }: { told: unknown }) {
  const { say } = useWords();
  const { inputs, outputs, rest } = signatureOf(told);
  return (
    <>
      <h3>{say("model.signature")}</h3>
      <Columns label={say("signature.inputs")} columns={inputs} />
      <Columns label={say("signature.outputs")} columns={outputs} />
      {rest && (
        <pre className={styles.signature} tabIndex={0}>
          <code>{JSON.stringify(rest, undefined, 2)}</code>
        </pre>
      )}
    </>
  );
}

function Columns({ label, columns }: { label: string; columns: readonly SignatureColumn[] }) {
  const { say } = useWords();
  if (columns.length === 0) return null;
  const examples = columns.some(({ example }) => example !== "");
  return (
    <ListTable label={label} columns={[label, say("artifacts.type"), ...(examples ? [say("signature.example")] : [])]}>
      {columns.map(({ name, type, nullable, example }) => (
        <tr key={name}>
          <th scope="row">
            <bdi>{name}</bdi>
          </th>
          <td>
            <code>{type}</code> {!nullable && <span className="faint">{say("schema.required")}</span>}
          </td>
          {examples && (
            <td data-value>
              <bdi>{example}</bdi>
            </td>
          )}
        </tr>
      ))}
    </ListTable>
  );
}

/** How curves are looked at: by step or time, how smooth, on which scales. */
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import type { Axis, Look } from "./curves";
import styles from "./look-bar.module.css";

const AXES: readonly Axis[] = ["step", "relative", "wall"];

export function LookBar({ look, change }: { look: Look; change: (next: Look) => void }) {
  const { say } = useWords();
  return (
    <div className={styles.bar}>
      <label>
        <span>{say("chart.axis")}</span>
        <select value={look.axis} onChange={(event) => change({ ...look, axis: event.currentTarget.value as Axis })}>
          {AXES.map((axis) => (
            <option key={axis} value={axis}>
              {say(`chart.axis.${axis}` as MessageId)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{say("chart.smooth")}</span>
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={look.smooth}
          onChange={(event) => change({ ...look, smooth: Number(event.currentTarget.value) })}
        />
      </label>
      <label>
        <input type="checkbox" checked={look.logX} onChange={(event) => change({ ...look, logX: event.currentTarget.checked })} />
        <span>{say("chart.log.x")}</span>
      </label>
      <label>
        <input type="checkbox" checked={look.logY} onChange={(event) => change({ ...look, logY: event.currentTarget.checked })} />
        <span>{say("chart.log.y")}</span>
      </label>
    </div>
  );
}

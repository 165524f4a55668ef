/** As it was then: a slider over the times at which something came, and a second one to lay another time beside. */
import { useId, useState } from "react";
import { useDebouncedCallback } from "@mantine/hooks";
import { Icon } from "@/components/icon";
import { moment } from "@/lib/format";
import { useWords } from "@/lib/words";
import type { MessageId } from "@/lib/words";
import { NOW } from "./lineage-search";
import type { Scene } from "./scene";
import { stopsOf, utc } from "./times";
import styles from "./time-bar.module.css";

export interface TimeBarProps {
  today: Scene;
  asOf: string | undefined;
  vs: string | undefined;
  change: (times: { asOf?: string | undefined; vs?: string | undefined }) => void;
  close: () => void;
}

export function TimeBar({ today, asOf, vs, change, close }: TimeBarProps) {
  const { say } = useWords();
  const stops = stopsOf(today, [asOf, vs === NOW ? undefined : vs]);
  return (
    <fieldset className={styles.bar} aria-label={say("lineage.time")}>
      <Stop name="lineage.time.at" stops={stops} value={asOf} change={(time) => change({ asOf: time, vs })} />
      {vs === undefined ? (
        <button type="button" className={styles.button} disabled={stops.length < 2} onClick={() => change({ asOf, vs: asOf === undefined ? stops[0] : NOW })}>
          {say("lineage.time.compare")}
        </button>
      ) : (
        <Stop name="lineage.time.with" stops={stops} value={vs === NOW ? undefined : vs} change={(time) => change({ asOf, vs: time ?? NOW })} />
      )}
      <button type="button" className={styles.button} aria-label={say("lineage.time.end")} title={say("lineage.time.end")} onClick={close}>
        <Icon name="cross" size={14} />
      </button>
    </fieldset>
  );
}


interface StopProps {
  name: MessageId;
  stops: readonly string[];
  value: string | undefined;
  change: (time: string | undefined) => void;
}

const PAUSE_MILLISECONDS = 250;

/** The last place of the slider is now. */
function Stop({ name, stops, value, change }: StopProps) {
  const { say, language } = useWords();
  const id = useId();
  const known = value === undefined ? stops.length : Math.max(0, stops.indexOf(utc(value)));
  const [moved, setMoved] = useState({ place: known, from: known });
  const place = moved.from === known ? moved.place : known;
  // Told when the hand rests.
  const tell = useDebouncedCallback((next: number) => change(stops[next]), PAUSE_MILLISECONDS);
  const move = (next: number): void => {
    setMoved({ place: next, from: known });
    tell(next);
  };
  const time = stops[place];
  const words = time === undefined ? say("lineage.time.now") : moment(time, language);
  return (
    <div className={styles.stop}>
      <label htmlFor={id}>{say(name)}</label>
      <input
        id={id}
        type="range"
        min={0}
        max={stops.length}
        value={place}
        aria-valuetext={words}
        onChange={(event) => move(Number(event.currentTarget.value))}
      />
      <output htmlFor={id}>{words}</output>
    </div>
  );
}

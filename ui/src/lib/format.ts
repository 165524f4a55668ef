/** Numbers, times and sizes in the words of a language. */

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

const made = new Map<string, Intl.NumberFormat>();

/** Kept, for making one takes as long as thirty uses of it, and a table writes thousands of numbers. */
function numbers(language: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  const known = made.get(key);
  if (known) return known;
  const format = new Intl.NumberFormat(language, options);
  made.set(key, format);
  return format;
}

/** "3 minutes ago"; `now` in milliseconds. */
export function ago(time: string, language: string, now = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1_000;
  const [unit, size] = STEPS.find(([, one]) => Math.abs(seconds) >= one) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" }).format(Math.trunc(seconds / size), unit);
}

/** A point in time in full, in the zone of the reader. */
export function moment(time: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(time));
}

/** "1 h 5 min", "3.2 s": at most two units, since more is never read. */
export function duration(seconds: number, language: string): string {
  const unit = (value: number, name: string, digits = 0): string =>
    numbers(language, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
  if (seconds < 60) return unit(seconds, "second", seconds < 10 ? 1 : 0);
  const whole = Math.round(seconds);
  if (whole < 3_600) return [unit(Math.floor(whole / 60), "minute"), whole % 60 && unit(whole % 60, "second")].filter(Boolean).join(" ");
  const minutes = Math.round(whole / 60);
  return [unit(Math.floor(minutes / 60), "hour"), minutes % 60 && unit(minutes % 60, "minute")].filter(Boolean).join(" ");
}

export function count(value: number, language: string): string {
  return numbers(language).format(value);
}

/** Figures of metrics: four digits that matter. */
export function figure(value: number | string, language: string): string {
  if (typeof value === "string") return value;
  return numbers(language, { maximumSignificantDigits: 4 }).format(value);
}

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;

/** "1.5 MB": thousands, as disks are sold and stores count. */
export function bytes(size: number, language: string): string {
  const at = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(1, size)) / 3)), BYTE_UNITS.length - 1);
  const options = { style: "unit", unit: BYTE_UNITS[at] ?? "byte", unitDisplay: "short", maximumFractionDigits: 1 } as const;
  return numbers(language, options).format(size / 1_000 ** at);
}

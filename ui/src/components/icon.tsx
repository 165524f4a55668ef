/** Line drawings on a grid of 24, coloured like the text around them; never the only name of a thing. */

export const PATHS = {
  home: "M4 11.5 12 4l8 7.5M6 10v9.5h4.5V14h3v5.5H18V10",
  runs: "M4 6h16M4 12h16M4 18h10M18 15.5v5l3.5-2.5z",
  lineage: "M5 6.5h3.5C13 6.5 11 12 15.5 12H19M5 17.5h3.5C13 17.5 11 12 15.5 12M3.5 6.5h1M3.5 17.5h1M19 10.5v3",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 20 20",
  language: "M3.5 6h11M9 3.5V6M12.5 6c-1 4.5-4.5 7-8.5 8.5M6 9c1.5 3 4 4.5 6.5 5.5M12 20.5l4.3-10 4.2 10M13.5 17h5.6",
  light: "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20c.8-4 3.8-6 7.5-6s6.7 2 7.5 6",
  down: "m6 9 6 6 6-6",
  up: "m6 15 6-6 6 6",
  right: "m9 6 6 6-6 6",
  left: "m15 6-6 6 6 6",
  unfold: "m8 8 4-4 4 4M8 16l4 4 4-4M4 12h16",
  fold: "m8 4 4 4 4-4M8 20l4-4 4 4M4 12h16",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 7.500V12l3 2",
  compare: "M4 5h6v14H4zM14 5h6v14h-6zM10 12h4",
  download: "M12 4v11M7.500 11 12 15.5 16.5 11M4.5 19.500h15",
  copy: "M8 8h11v11H8zM5 15.5V5h10.5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6 6 18",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  external: "M13.5 4.5h6v6M19 5l-8.5 8.5M16 13v6H5V8h6",
  warning: "M12 4 2.5 20h19zM12 10v5M12 17.5v.1",
  stack: "M12 4 3 8.5l9 4.5 9-4.5zM3 13l9 4.5 9-4.5",
  dataset: "M5 6.5C5 5 8 4 12 4s7 1 7 2.5S16 9 12 9 5 8 5 6.5M5 6.5v11C5 19 8 20 12 20s7-1 7-2.5v-11M5 12c0 1.5 3 2.5 7 2.5s7-1 7-2.5",
  model: "M12 3.5 20 8v8l-8 4.5L4 16V8zM4 8l8 4.5L20 8M12 12.5v8",
  run: "M7 4.5v15l12-7.5z",
  file: "M6.5 3.5h7L18 8v12.5H6.5zM13.5 3.5V8H18",
  deployment: "M12 3.5c4 2.5 4.5 7.5 3 12H9c-1.5-4.5-1-9.5 3-12M9 13l-3 3v3.500l3-2M15 13l3 3v3.500l-3-2",
  settings: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4",
  server: "M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.1M7.5 16h.1",
  job: "M12 8.500a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M12 3.500v3M12 17.500v3M3.5 12h3M17.5 12h3M6 6l2.2 2.200M15.8 15.8 18 18M6 18l2.2-2.200M15.8 8.2 18 6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Small line drawings, always beside a word or under a name, so hidden from readers. */
const paths = {
  agent: "M4 14v-2a8 8 0 0 1 16 0v2M4 14a2 2 0 0 1 2-2h1v6H6a2 2 0 0 1-2-2zm16 0a2 2 0 0 0-2-2h-1v6h1a2 2 0 0 0 2-2zm-1 4c0 2-2 3-5 3",
  send: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 5v14m-6-6 6 6 6-6",
  shield: "M12 3 5 6v5c0 4.5 3 8.2 7 10 4-1.8 7-5.5 7-10V6zm-3 9 2.2 2.2L15.2 10",
  document: "M7 3h7l4 4v14H7zM14 3v4h4M10 12h5m-5 4h5",
  phone: "M6 3h3l1.5 5-2 1.5a12 12 0 0 0 6 6l1.5-2 5 1.5v3a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z",
  chevron: "m8 10 4 4 4-4",
  check: "m5 12.5 4.5 4.5L19 7.5",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zm0 3.5V12l3 2",
  alert: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zm0 4v5m0 3v.01",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  download: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  print: "M7 9V4h10v5M7 18H4V9h16v9h-3M7 14h10v6H7z",
  useful: "M8 20H4.5v-9H8m0 9V11l4-7c1.4 0 2.2 1 2 2.4L13.4 10H19c1 0 1.7.9 1.5 1.9l-1.2 6.4A2 2 0 0 1 17.3 20z",
  notUseful: "M16 4h3.5v9H16m0-9v9l-4 7c-1.4 0-2.2-1-2-2.4l.6-3.6H5c-1 0-1.7-.9-1.500-1.9l1.200-6.400A2 2 0 0 1 6.700 4z",
  menu: "M4 7h16M4 12h16M4 17h16",
  info: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zm0 7v5m0-8v.01",
  generated: "m12 4 2 6 6 2-6 2-2 6-2-6-6-2 6-2z",
  settings: "M4 7h10m4 0h2M4 17h2m4 0h10M16 5v4M8 15v4",
  language: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM4 12h16M12 4c5 5 5 11 0 16M12 4c-5 5-5 11 0 16",
  renew: "M19 12a7 7 0 1 1-2-5l2 2m0-4v4h-4",
  mark: "M12 4.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zm0 5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}

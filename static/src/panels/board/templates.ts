// Beginnings for a page, as outlines that Excalidraw makes elements of. Words come from the catalogues. Pure data: only
// kinds and fields that the server takes.

export interface Outline {
  type: "rectangle" | "ellipse" | "text" | "line" | "arrow";
  x: number;
  y: number;
  width?: number;
  height?: number;
  text?: string;
  fontSize?: number;
  points?: [number, number][];
  backgroundColor?: string;
  strokeColor?: string;
  fillStyle?: "solid";
  roughness?: 0 | 1;
  strokeWidth?: number;
  label?: { text: string; fontSize?: number };
}

export type TemplateName = "grid" | "brainstorm" | "retro" | "kanban" | "swot" | "twobytwo" | "timeline";

export type TemplateWords = Readonly<Record<Exclude<TemplateName, "grid">, readonly string[]>>;

export const TEMPLATES: readonly TemplateName[] = [
  "brainstorm",
  "grid",
  "retro",
  "kanban",
  "swot",
  "twobytwo",
  "timeline",
];

const INK = "#1e1e1e";
const LINE = "#868e96";
const NOTES = ["#ffec99", "#b2f2bb", "#a5d8ff", "#fcc2d7", "#d0bfff", "#ffd8a8"] as const;
const note = (at: number): string => NOTES[at % NOTES.length] ?? NOTES[0];

const heading = (x: number, y: number, text: string, fontSize = 28): Outline => ({
  type: "text",
  x,
  y,
  text,
  fontSize,
  strokeColor: INK,
});

const box = (x: number, y: number, width: number, height: number, colour = "transparent"): Outline => ({
  type: "rectangle",
  x,
  y,
  width,
  height,
  backgroundColor: colour,
  strokeColor: LINE,
  fillStyle: "solid",
  roughness: 0,
});

const sticky = (x: number, y: number, colour: string, text?: string): Outline => ({
  ...box(x, y, 180, 160, colour),
  strokeColor: INK,
  roughness: 1,
  ...(text === undefined ? {} : { label: { text, fontSize: 20 } }),
});

const line = (x: number, y: number, dx: number, dy: number, type: "line" | "arrow" = "line"): Outline => ({
  type,
  x,
  y,
  points: [
    [0, 0],
    [dx, dy],
  ],
  strokeColor: LINE,
  strokeWidth: 2,
  roughness: 0,
});

function brainstorm([title = "", ...hints]: readonly string[]): Outline[] {
  const notes = Array.from({ length: 12 }, (_, at) =>
    sticky((at % 6) * 210, 100 + Math.floor(at / 6) * 190, note(at % 6), at === 0 ? hints[0] : undefined),
  );
  return [heading(0, 20, title, 36), ...notes];
}

function grid(): Outline[] {
  return Array.from({ length: 12 }, (_, at) => box((at % 4) * 300, Math.floor(at / 4) * 230, 290, 220));
}

/** Columns with a heading each and a first note below it. */
function columns([title = "", ...names]: readonly string[], coloured: boolean): Outline[] {
  return [
    heading(0, 0, title, 36),
    ...names.flatMap((name, at) => [
      box(at * 320, 70, 300, 620),
      heading(at * 320 + 20, 86, name),
      sticky(at * 320 + 60, 150, coloured ? note(at) : note(0)),
    ]),
  ];
}

function swot(names: readonly string[]): Outline[] {
  return names.flatMap((name, at) => {
    const [x, y] = [(at % 2) * 560, Math.floor(at / 2) * 370];
    return [box(x, y, 545, 355, ["#ebfbee", "#fff5f5", "#e7f5ff", "#fff9db"][at]), heading(x + 20, y + 16, name)];
  });
}

function twobytwo([high = "", right = ""]: readonly string[]): Outline[] {
  return [
    line(0, 640, 0, -640, "arrow"),
    line(0, 640, 980, 0, "arrow"),
    line(480, 640, 0, -600),
    line(0, 320, 940, 0),
    heading(16, -16, high, 24),
    heading(820, 656, right, 24),
  ];
}

function timeline([title = "", ...steps]: readonly string[]): Outline[] {
  return [
    heading(0, 0, title, 36),
    line(0, 240, 1_180, 0, "arrow"),
    ...steps.flatMap((step, at): Outline[] => [
      { ...box(100 + at * 260, 228, 24, 24, note(at)), type: "ellipse", strokeColor: INK },
      heading(70 + at * 260, 180, step, 22),
      sticky(22 + at * 260, 290, note(at)),
    ]),
  ];
}

export function outlineOf(name: TemplateName, words: TemplateWords): Outline[] {
  switch (name) {
    case "grid":
      return grid();
    case "brainstorm":
      return brainstorm(words.brainstorm);
    case "retro":
      return columns(words.retro, true);
    case "kanban":
      return columns(words.kanban, false);
    case "swot":
      return swot(words.swot);
    case "twobytwo":
      return twobytwo(words.twobytwo);
    case "timeline":
      return timeline(words.timeline);
  }
}

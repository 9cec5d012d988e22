// What part of a page is seen. On its way to other screens a view is its middle and a zoom for a screen of 1000 by 750:
// whatever the size of theirs, all that the presenter sees is on it. Pure.

export interface Seen {
  x: number;
  y: number;
  zoom: number;
}

export interface Scrolled {
  scrollX: number;
  scrollY: number;
  zoom: { value: number };
  width: number;
  height: number;
}

const WIDTH = 1_000;
const HEIGHT = 750;
const ZOOM_MIN = 0.1;
const ZOOM_MAX = 30;
/** How wide a slide lies on its page. */
export const SLIDE_WIDTH = 1_200;

export function seenBy({ scrollX, scrollY, zoom, width, height }: Scrolled): Seen {
  const [wide, high] = [width / zoom.value, height / zoom.value];
  return { x: wide / 2 - scrollX, y: high / 2 - scrollY, zoom: Math.min(WIDTH / wide, HEIGHT / high) };
}

export function scrolledTo(seen: Seen, width: number, height: number): Pick<Scrolled, "scrollX" | "scrollY" | "zoom"> {
  const value = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, seen.zoom * Math.min(width / WIDTH, height / HEIGHT)));
  return { scrollX: width / value / 2 - seen.x, scrollY: height / value / 2 - seen.y, zoom: { value } };
}

const MARGIN = 1.06;

/** So that a rectangle is seen whole; nothing is made larger than it is by more than double. */
export function around(x: number, y: number, width: number, height: number): Seen {
  const zoom = Math.min(WIDTH / (Math.max(width, 1) * MARGIN), HEIGHT / (Math.max(height, 1) * MARGIN), 2);
  return { x: x + width / 2, y: y + height / 2, zoom };
}

export const slideHeight = ({ width, height }: { width: number; height: number }): number =>
  (SLIDE_WIDTH * height) / Math.max(1, width);

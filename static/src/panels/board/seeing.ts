// What part of a page is seen: its middle and its size. Whatever the size of another screen, all of it is seen there. Pure.

export interface Seen {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Scrolled {
  scrollX: number;
  scrollY: number;
  zoom: { value: number };
  width: number;
  height: number;
}

const ZOOM_MIN = 0.1;
const ZOOM_MAX = 30;
/** How wide a slide lies on its page. */
export const SLIDE_WIDTH = 1_200;

export function seenBy({ scrollX, scrollY, zoom, width, height }: Scrolled): Seen {
  const [wide, high] = [width / zoom.value, height / zoom.value];
  return { x: wide / 2 - scrollX, y: high / 2 - scrollY, width: wide, height: high };
}

export function scrolledTo(seen: Seen, width: number, height: number): Pick<Scrolled, "scrollX" | "scrollY" | "zoom"> {
  const value = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, Math.min(width / seen.width, height / seen.height)));
  return { scrollX: width / value / 2 - seen.x, scrollY: height / value / 2 - seen.y, zoom: { value } };
}

const MARGIN = 1.06;

/** A rectangle with a little air around it. */
export function around(x: number, y: number, width: number, height: number): Seen {
  return { x: x + width / 2, y: y + height / 2, width: width * MARGIN, height: height * MARGIN };
}

export const slideHeight = ({ width, height }: { width: number; height: number }): number =>
  (SLIDE_WIDTH * height) / Math.max(1, width);

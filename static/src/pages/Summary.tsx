import { Frame } from "../app/Frame";
export function Summary() {
  return <Frame><p>…</p></Frame>;
}

// Fails when the eager bundle grows over its budget. Eager = the entry, everything it imports statically, and their
// style sheets, as the build's manifest lists them; lazy chunks do not count. Sizes are gzip at the default level.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const EAGER_GZIP_BYTES_MAX = 150_000;

const dist = new URL("./dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

/** Names of the files the browser loads for `chunk` before any lazy import. */
function eagerFiles(key, seen = new Set()) {
  if (seen.has(key)) return [];
  seen.add(key);
  const chunk = manifest[key];
  return [chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap((next) => eagerFiles(next, seen))];
}

const entries = Object.keys(manifest).filter((key) => manifest[key].isEntry);
if (entries.length === 0) throw new Error("the manifest names no entry");
const files = [...new Set(entries.flatMap((key) => eagerFiles(key)))];
let total = 0;
for (const file of files) {
  const size = gzipSync(readFileSync(new URL(file, dist))).length;
  total += size;
  console.log(`${String(size).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  eager bundle, gzip bytes (at most ${EAGER_GZIP_BYTES_MAX})`);
if (total > EAGER_GZIP_BYTES_MAX) {
  console.error("the eager bundle is over its budget: load what the first page does not need with import()");
  process.exit(1);
}

// Reads the comma-separated files the server writes (RFC 4180). Pure.

/** Rows as objects by the names of the first row. */
export function readCsv(text: string): Record<string, string>[] {
  const [head, ...rows] = cellsOf(text.replace(/^\ufeff/, ""));
  if (head === undefined) return [];
  return rows.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ""])));
}

function cellsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (whole === "" && row.length === 0) break; // after the last line
    row.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
    if (end === "") break;
  }
  return rows;
}

// Turns docs/schemas/*.json into src/session/protocol.ts (`make types`). With an argument it writes there instead,
// so that a test can compare. One definition that several schemas share becomes one type.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? `${here}/src/session/protocol.ts`;

/** A reference with a default beside it would become a second type of the same shape. */
const plain = (_key, node) => (node?.$ref === undefined ? node : { $ref: node.$ref });

const protocol = { title: "Protocol", type: "object", additionalProperties: false, required: [], properties: {}, $defs: {} };
for (const name of ["command", "event", "view"]) {
  const { $defs = {}, $schema, ...schema } = JSON.parse(readFileSync(`${here}/../docs/schemas/${name}.json`, "utf8"), plain);
  for (const [key, definition] of Object.entries($defs)) {
    const known = protocol.$defs[key];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition))
      throw new Error(`${key} means two things in the protocol: give one of them another name`);
    protocol.$defs[key] = definition;
  }
  protocol.properties[name] = schema;
  protocol.required.push(name);
}

const text = await compile(protocol, "Protocol", {
  additionalProperties: false,
  bannerComment: "// Made by `make types` from rooms/protocol.py: do not edit.",
  enableConstEnums: false,
  format: true,
  style: { printWidth: 120 },
  unreachableDefinitions: false,
});
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, text);

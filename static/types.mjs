// Turns docs/schemas/*.json into src/session/protocol.ts (`make types`). With an argument it writes there instead,
// so that a test can compare. One definition that several schemas share becomes one type.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? `${here}/src/session/protocol.ts`;

/** What would give needless types: a default beside a reference, a length of a list, a tuple in the new spelling, and that
 * nothing else may stand in an object, which `compile` assumes of all. */
function plain(key, node) {
  if (key === "additionalProperties" && node === false) return undefined;
  if (node?.$ref !== undefined) return { $ref: node.$ref };
  if (node?.type !== "array") return node;
  const { minItems, maxItems, prefixItems, ...list } = node;
  return prefixItems === undefined ? list : { ...list, minItems, maxItems, items: prefixItems };
}

/** Names of the definitions of `schema` that `known` already holds with another meaning, their own or of a part. */
function others(definitions, known) {
  const text = JSON.stringify;
  const shared = Object.keys(definitions).filter((key) => known[key] !== undefined);
  const found = new Set(shared.filter((key) => text(known[key]) !== text(definitions[key])));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const key of shared)
      if ([...found].some((part) => text(definitions[key]).includes(`"#/$defs/${part}"`))) found.add(key);
  }
  return found;
}

/** `node` with references to the definitions in `names` led to their `…Input` forms. */
function withInputs(node, names) {
  return JSON.parse(JSON.stringify(node), (_key, value) => {
    const key = value?.$ref?.replace("#/$defs/", "");
    return names.has(key) ? { $ref: `#/$defs/${key}Input` } : value;
  });
}

const protocol = { title: "Protocol", type: "object", additionalProperties: false, required: [], properties: {}, $defs: {} };
for (const name of ["view", "event", "command"]) {
  const { $defs = {}, $schema, ...schema } = JSON.parse(readFileSync(`${here}/../docs/schemas/${name}.json`, "utf8"), plain);
  // what a client sends may leave out what has a default: the same thing as sent by the server is then another type
  const inputs = others($defs, protocol.$defs);
  if (inputs.size > 0 && name !== "command") throw new Error(`${[...inputs]} mean two things in the protocol`);
  for (const [key, definition] of Object.entries($defs))
    if (inputs.has(key)) protocol.$defs[`${key}Input`] = { ...withInputs(definition, inputs), title: `${key}Input` };
    else protocol.$defs[key] = withInputs(definition, inputs);
  protocol.properties[name] = withInputs(schema, inputs);
  protocol.required.push(name);
}

const types = await compile(protocol, "Protocol", {
  additionalProperties: false,
  bannerComment: "// Made by `make types` from rooms/protocol.py: do not edit.",
  enableConstEnums: false,
  format: true,
  style: { printWidth: 120 },
  unreachableDefinitions: false,
});
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, types);

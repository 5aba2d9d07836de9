// A schema as a list of fields, of which those with fields of their own can be opened.

import { h, prose } from "./dom.js";

/** The fields of a schema, or what it is if it has none. */
export function fields(api, given, depth = 0) {
  const schema = api.resolve(api.withoutNull(given).schema);
  if (schema.type === "array") return fields(api, schema.items, depth);
  const properties = api.properties(schema);
  if (properties.length === 0) return h("p.quiet", {}, typeName(api, given), " ", prose(schema.description));
  return h("ul.fields", {}, properties.map(([name, field]) => row(api, name, field, schema.required?.includes(name), depth)));
}

function row(api, name, given, required, depth) {
  const { schema: plain } = api.withoutNull(given);
  const schema = api.resolve(plain);
  const head = [
    h("code.name", {}, name),
    h("span.type", {}, typeName(api, given)),
    required && h("span.required", {}, "required"),
  ];
  const about = h("div.about", {}, prose(given.description ?? schema.description), limits(schema), choices(schema));
  const inner = schema.type === "array" ? api.resolve(schema.items) : schema;
  if (!inner.properties || depth > 4) return h("li", {}, h("div.head", {}, head), about);
  return h("li", {}, h("details", {}, h("summary.head", {}, head), fields(api, inner, depth + 1)), about);
}

/** What a value is, in a word or two. */
export function typeName(api, given) {
  const { schema, nullable } = api.withoutNull(given);
  const { name, schema: named } = api.named(schema);
  let text = named.format ?? (Array.isArray(named.type) ? named.type.join(" or ") : named.type) ?? "any";
  if (named.type === "array") text = `list of ${typeName(api, named.items)}`;
  else if (named.type === "object") text = name ?? "object";
  else if (named.enum) text = name ?? "text";
  return nullable ? `${text} or null` : text;
}

function limits({ minimum, maximum, default: usual }) {
  const said = [];
  if (minimum) said.push(`from ${minimum.toLocaleString("en")}`);
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) said.push(`to ${maximum.toLocaleString("en")}`);
  if (usual !== undefined) said.push(`usually ${usual}`);
  return said.length > 0 && h("span.limits", {}, ` (${said.join(" ")})`);
}

function choices({ enum: values }) {
  return values && h("div.choices", {}, values.map((value) => h("code", {}, String(value))));
}

// The description of the API, as this page asks about it.

const METHODS = ["get", "post", "put", "patch", "delete"];

export class Api {
  constructor(description) {
    this.description = description;
    this.operations = Object.entries(description.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => new Operation(method.toUpperCase(), path, item[method])),
    );
  }

  static async load() {
    const answer = await fetch("openapi.json");
    if (!answer.ok) throw new Error(`openapi.json: ${answer.status}`);
    return new Api(await answer.json());
  }

  /** The tags with their operations: those on all of a kind, those on one, those on what it has. */
  get groups() {
    const tags = this.description.tags ?? [];
    const order = ({ method, path }) => [path.split("/").length, path, METHODS.indexOf(method.toLowerCase())];
    return tags.map((tag) => {
      const own = this.operations.filter((operation) => operation.tag === tag.name);
      return { tag, operations: own.sort((a, b) => compare(order(a), order(b))) };
    }).filter(({ operations }) => operations.length > 0);
  }

  operation(id) {
    return this.operations.find((operation) => operation.id === id);
  }

  /** The schema that a reference leads to, with the name it has there. */
  resolve(schema = {}) {
    const { name, schema: named } = this.named(schema);
    return name ? { ...named, description: schema.description ?? named.description } : schema;
  }

  named(schema = {}) {
    const name = schema.$ref?.split("/").pop();
    return { name, schema: name ? this.description.components.schemas[name] : schema };
  }

  /** What is left of `X or null`, and whether null was there. */
  withoutNull(schema) {
    const alternatives = (schema.oneOf ?? schema.anyOf ?? []).filter((one) => one.type !== "null");
    if (alternatives.length === 1) return { schema: alternatives[0], nullable: true };
    if (Array.isArray(schema.type) && schema.type.includes("null")) {
      const types = schema.type.filter((type) => type !== "null");
      return { schema: { ...schema, type: types.length === 1 ? types[0] : types }, nullable: true };
    }
    return { schema, nullable: false };
  }

  /** The fields of an object: the required ones as its author ordered them, for they are sorted by name else, and the others. */
  properties({ properties = {}, required = [] }) {
    const rank = ([name]) => (required.includes(name) ? required.indexOf(name) : required.length);
    return Object.entries(properties).sort((a, b) => rank(a) - rank(b));
  }

  /** A value of the schema: its example, or one made of those of its parts. */
  example(given) {
    const schema = this.resolve(this.withoutNull(given).schema);
    const said = schema.example ?? schema.examples?.[0] ?? schema.default ?? schema.enum?.[0];
    if (said !== undefined) return said;
    if (schema.type === "object") {
      const required = schema.required ?? [];
      // Of a body whose fields are all optional an empty one would show nothing.
      const shown = ([name, field]) => required.length === 0 || required.includes(name) || !this.withoutNull(field).nullable;
      return Object.fromEntries(this.properties(schema).filter(shown).map(([name, field]) => [name, this.example(field)]));
    }
    if (schema.type === "array") return [this.example(schema.items)];
    return { integer: 1, number: 1, boolean: true }[schema.type] ?? "";
  }
}

class Operation {
  constructor(method, path, described) {
    this.method = method;
    this.path = path;
    this.id = described.operationId;
    this.tag = described.tags?.[0] ?? "other";
    this.summary = described.summary ?? this.id;
    this.description = described.description;
    this.parameters = described.parameters ?? [];
    this.responses = Object.entries(described.responses ?? {});
    this.body = described.requestBody?.content?.["application/json"]?.schema;
  }

  /** Whether every answer that it can give is that it cannot be done. */
  get missing() {
    return this.responses.every(([status]) => status === "501" || status === "default");
  }
}

function compare(a, b) {
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) return a[index] < b[index] ? -1 : 1;
  }
  return 0;
}

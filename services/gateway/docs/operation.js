// One call: what it is on the left, a form to try it on the right.

import { h, method, prose } from "./dom.js";
import { form } from "./form.js";
import { fields, typeName } from "./schema.js";

export function page(api, operation, prefix) {
  const { parameters, body, responses } = operation;
  return h("article", {},
    h("h1", {}, prose(operation.summary.replace(/\.$/, ""))),
    h("p.address", {}, method(operation.method), h("code", {}, path(prefix, operation.path))),
    operation.missing && h("p.notice", {}, "No style that is served here can do this: the answer is 501."),
    h("div.columns", {},
      h("section.told", {},
        operation.description && h("p", {}, prose(operation.description)),
        parameters.length > 0 && [h("h2", {}, "Parameters"), h("ul.fields", {}, parameters.map((one) => parameter(api, one)))],
        body && [h("h2", {}, "Body"), fields(api, body)],
        h("h2", {}, "Answers"),
        responses.map(([status, response]) => answer(api, status, response)),
      ),
      h("section.try", { "aria-label": "Try it" }, form(api, operation, prefix)),
    ),
  );
}

/** The path with its parameters made visible. */
function path(prefix, template) {
  return (prefix + template).split(/(\{[^}]+\})/).map((piece) => (piece.startsWith("{") ? h("em", {}, piece) : piece));
}

function parameter(api, { name, in: place, required, description, schema }) {
  const about = description ?? api.resolve(schema).description;
  return h("li", {},
    h("div.head", {}, h("code.name", {}, name), h("span.type", {}, `${typeName(api, api.withoutNull(schema).schema)}, ${place}`), required && h("span.required", {}, "required")),
    h("div.about", {}, prose(about)),
  );
}

function answer(api, status, { description, content }) {
  const [type, { schema } = {}] = Object.entries(content ?? {})[0] ?? [];
  const label = status === "default" ? "else" : status;
  const head = [h(`span.status.s${label[0]}`, {}, label), h("span", {}, prose(description)), type && h("span.type", {}, type)];
  if (!schema) return h("div.answer-kind", {}, h("div.head", {}, head));
  return h("details.answer-kind", {}, h("summary.head", {}, head), fields(api, schema));
}

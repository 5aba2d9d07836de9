// A form that sends one request, and what came of it.

import { copyButton, h } from "./dom.js";
import { fill, suggest } from "./memory.js";
import { send } from "./send.js";

export function form(api, operation, prefix) {
  const inputs = operation.parameters.map((parameter) => ({ parameter, input: input(api, operation, parameter) }));
  const body = operation.body && h("textarea", { id: "body", spellcheck: "false", input: grow });
  if (body) {
    body.value = JSON.stringify(fill(operation.tag, api.example(operation.body)), null, 2);
    grow({ target: body });
  }
  const answer = h("div.answer", { "aria-live": "polite" });
  const button = h("button.send", { type: "submit" }, "Send");

  const asked = () => request(operation, prefix, inputs, body);
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    await send(operation, asked(), answer);
    button.disabled = false;
  };

  return [
    h("form", { submit },
      inputs.map(({ parameter, input: element }) => line(parameter, element)),
      body && h("label", { for: "body" }, "Body"), body,
      h("div.actions", {}, button, h("span.spacer"), h("span.quiet", {}, "as curl"), copyButton(() => curl(asked()))),
    ),
    answer,
  ];
}

function line(parameter, element) {
  const isKey = parameter.name === "Idempotency-Key";
  const renew = isKey && h("button.small", { type: "button", click: () => (element.value = crypto.randomUUID()) }, "New");
  const label = h("label", { for: element.id }, parameter.name, h("span.type", {}, ` ${parameter.in}`));
  return [label, renew ? h("div.with-button", {}, element, renew) : element];
}

function input(api, operation, { name, in: place, required, schema, example }) {
  const { enum: values, default: usual } = api.resolve(api.withoutNull(schema ?? {}).schema);
  const id = `${place}-${name}`;
  if (values) {
    return h("select", { id }, !required && h("option", { value: "" }, "any"), values.map((value) => h("option", {}, value)));
  }
  const hint = example ?? { "If-Match": '"1"', "Prefer": "wait=5", "include": "shipment,invoice" }[name] ?? usual ?? "";
  const value = suggest(operation.tag, name);
  // A list of everything is more than what belongs to the last order.
  return h("input", { id, required, placeholder: hint, value: place === "path" ? value : undefined, autocomplete: "off", spellcheck: "false" });
}

/** What the form asks for: method, URL, headers and body. */
function request(operation, prefix, inputs, body) {
  let path = prefix + operation.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter: { name, in: place }, input: { value } } of inputs) {
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value.trim()));
    else if (value === "") continue;
    else if (place === "query") query.append(name, value);
    else if (place === "header") headers[name] = value;
  }
  if (body) headers["Content-Type"] = "application/json";
  const search = query.size > 0 ? `?${query}` : "";
  return { method: operation.method, url: path + search, headers, body: body?.value };
}

function curl({ method, url, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = [`curl -sS -X ${method} ${quoted(location.origin + url)}`];
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push(`-d ${quoted(body)}`);
  return parts.join(" \\\n  ");
}

/** For browsers that do not know `field-sizing`. */
function grow({ target }) {
  target.rows = target.value.split("\n").length + 1;
}

// Sends a request and shows the answer as it comes, events one by one.

import { copyButton, h } from "./dom.js";
import { remember } from "./memory.js";

/** Headers worth seeing; the rest is about the connection. */
const SHOWN = ["location", "etag", "retry-after", "allow", "idempotency-replayed", "x-trace-id"];

export async function send(operation, { method, url, headers, body }, panel) {
  const began = performance.now();
  const took = h("span.quiet", {}, "waiting…");
  panel.replaceChildren(h("div.head", {}, took));
  try {
    const answer = await fetch(url, { method, headers, body });
    took.textContent = `${Math.round(performance.now() - began)} ms`;
    panel.replaceChildren(head(answer, took), headersOf(answer));
    if (answer.headers.get("content-type")?.startsWith("text/event-stream")) await follow(answer, panel);
    else show(operation, answer, await answer.text(), panel);
    panel.scrollIntoView({ block: "nearest" });
  } catch (error) {
    panel.append(h("p.notice", {}, `No answer: ${error.message}.`));
  }
}

function head(answer, took) {
  const status = String(answer.status);
  return h("div.head", {}, h(`span.status.s${status[0]}`, {}, status), h("span", {}, answer.statusText), h("span.spacer"), took);
}

function headersOf(answer) {
  const shown = SHOWN.filter((name) => answer.headers.has(name));
  return h("dl.headers", {}, shown.map((name) => [h("dt", {}, name), h("dd", {}, answer.headers.get(name))]));
}

function show(operation, answer, text, panel) {
  if (text === "") return;
  const value = parse(text);
  if (answer.ok) remember(operation.tag, value);
  const pretty = value === undefined ? text : JSON.stringify(value, null, 2);
  panel.append(h("div.code", {}, copyButton(() => pretty), h("pre", { tabindex: "0" }, value === undefined ? text : coloured(pretty))));
}

/** Every event of a stream, until it ends or nobody wants more. */
async function follow(answer, panel) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const list = h("ol.events");
  const stop = h("button.small", { type: "button", click: () => reader.cancel() }, "Stop");
  panel.append(list, stop);
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !panel.isConnected) break;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    list.append(...blocks.map(event).filter(Boolean));
  }
  reader.cancel();
  stop.replaceWith(h("p.quiet", {}, "The stream has ended."));
}

/** One event; nothing for a comment, which only says that the server is still there. */
function event(block) {
  const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
  if (lines.length === 0) return undefined;
  const of = (name) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim()).join("\n");
  const data = parse(of("data"));
  const pretty = data === undefined ? of("data") : coloured(JSON.stringify(data, null, 2));
  return h("li", {}, h("details", {}, h("summary", {}, h("b", {}, data?.status ?? of("event")), " ", h("span.quiet", {}, `${of("event")} ${of("id")}`)), h("pre", {}, pretty)));
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON with its keys, texts and other values told apart. */
function coloured(json) {
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;
  const pieces = [];
  let end = 0;
  for (const match of json.matchAll(token)) {
    const kind = match[2] ? "key" : match[1] ? "text" : "value";
    const text = match[1] ?? match[0];
    pieces.push(json.slice(end, match.index), h(`span.${kind}`, {}, text));
    end = match.index + text.length;
  }
  return [...pieces, json.slice(end)];
}

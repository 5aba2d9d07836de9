// The page: which call is shown, of which style, dark or light.

import { Api } from "./api.js";
import { h, method, prose } from "./dom.js";
import { page } from "./operation.js";

/** What a newcomer does first. */
const TOUR = [
  ["customers.register", "Register a customer, who may owe so much."],
  ["products.add", "Add a product, with a price and a stock."],
  ["orders.create", "Order it. With `place: true` the answer waits for the outcome."],
  ["orders.events", "Follow the order from status to status, as it happens."],
  ["orders.show", "See the order with its shipment and its invoice."],
];

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const style = document.getElementById("style");
const menu = document.getElementById("menu");

function overview(api) {
  const known = TOUR.filter(([id]) => api.operation(id));
  return h("article", {},
    h("h1", {}, api.description.info.title),
    h("p.lead", {}, prose(api.description.info.description)),
    h("h2", {}, "A first order"),
    h("ol.tour", {}, known.map(([id, text]) => h("li", {}, h("a", { href: `#${id}` }, method(api.operation(id).method), h("span", {}, prose(text)))))),
    h("p.quiet", {}, "What you make is filled in where it is needed next."),
    h("h2", {}, "Parts"),
    h("dl.parts", {}, api.groups.map(({ tag }) => [h("dt", {}, tag.name), h("dd", {}, prose(tag.description))])),
    h("p", {}, "For programs: ", h("a", { href: "openapi.json" }, "openapi.json"), "."),
  );
}

function listed(api) {
  const link = (operation) =>
    h("a", { href: `#${operation.id}`, title: operation.summary, class: operation.missing ? "missing" : undefined },
      method(operation.method), h("span.path", {}, operation.path.replace(/^\/v1/, "")));
  return api.groups.map(({ tag, operations }) => h("section", {}, h("h2", {}, tag.name), operations.map(link)));
}

function show(api) {
  const id = decodeURIComponent(location.hash.slice(1));
  const operation = api.operation(id);
  for (const link of nav.querySelectorAll("a")) {
    if (link.hash === location.hash && operation) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.replaceChildren(operation ? page(api, operation, style.value) : overview(api));
  document.title = operation ? `${operation.summary.replace(/\.$/, "")} · Switchyard API` : "Switchyard API";
  open(false);
  scrollTo(0, 0);
}

/** One entry per style, and the one that needs no prefix. */
function styles(api) {
  const servers = api.description.servers ?? [{ url: "/" }];
  style.append(...servers.map(({ url, description }) => h("option", { value: url.replace(/\/$/, "") }, name(url, description))));
  document.getElementById("style-choice").hidden = servers.length < 3;
}

function name(url, description = "") {
  return url === "/" ? `${description.split(" ").pop()} (default)` : url.slice(1);
}

function open(whether) {
  document.body.classList.toggle("menu-open", whether);
  menu.setAttribute("aria-expanded", String(whether));
}

function theme() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const saved = localStorage.getItem("switchyard.theme");
  if (saved) root.dataset.theme = saved;
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = (root.dataset.theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
    localStorage.setItem("switchyard.theme", root.dataset.theme);
  });
}

async function start() {
  theme();
  menu.addEventListener("click", () => open(!document.body.classList.contains("menu-open")));
  try {
    const api = await Api.load();
    styles(api);
    nav.replaceChildren(...listed(api));
    style.addEventListener("change", () => show(api));
    addEventListener("hashchange", () => show(api));
    show(api);
  } catch (error) {
    main.replaceChildren(h("p.notice", {}, `The description of the API cannot be read: ${error.message}.`));
  }
}

start();

// Elements without a template language: texts are always texts, so nothing that a server says can become markup.

/** An element: `h("a.link", {href: "#"}, "text", child, …)`. Functions become listeners; absent children are skipped. */
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** A sentence in which `backticks` are code; rustdoc's brackets around them mean nothing here. */
export function prose(text = "") {
  const pieces = text.split(/\[?`([^`]+)`\]?/);
  return pieces.map((piece, index) => (index % 2 === 1 ? h("code", {}, piece) : piece));
}

/** The method, in its colour. */
export function method(name) {
  return h(`span.method.${name.toLowerCase()}`, {}, name);
}

/** A button that copies what `text` gives, and says so. */
export function copyButton(text) {
  const button = h("button.small", { type: "button", click: copy }, "Copy");
  async function copy() {
    await navigator.clipboard.writeText(text());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1200);
  }
  return button;
}

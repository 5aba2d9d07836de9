// What was made lately, so that the next request is filled in: an order for the customer who was just registered.

const KEY = "switchyard.lately";

/** Remembers the ids in an answer to a request about `tag`. */
export function remember(tag, answer) {
  // Of a list the first, which is the newest of most.
  const made = answer?.items?.[0]?.version ? answer.items[0] : (answer ?? {});
  const lately = recall();
  if (tag === "customers" && made.id) lately.customer = made.id;
  if (tag === "products" && made.sku) lately.sku = made.sku;
  if (tag === "orders" && made.id) lately.order = made.id;
  sessionStorage.setItem(KEY, JSON.stringify(lately));
}

/** What a parameter of an operation is filled with, if anything. */
export function suggest(tag, name) {
  const { customer, sku, order } = recall();
  switch (name) {
    case "customer_id": return customer;
    case "order_id": return order;
    case "sku": return sku;
    case "id": return tag === "customers" ? customer : order;
    default: return undefined;
  }
}

/** A body in which every remembered id stands where one belongs. */
export function fill(tag, body) {
  if (Array.isArray(body)) return body.map((item) => fill(tag, item));
  if (body === null || typeof body !== "object") return body;
  const filled = ([name, value]) => {
    const known = typeof value === "string" && name !== "id" && !(tag === "products" && name === "sku") && suggest(tag, name);
    return [name, known || fill(tag, value)];
  };
  return Object.fromEntries(Object.entries(body).map(filled));
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Elements from data. Text always becomes a text node, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `properties` sets attributes; `on…` functions become listeners, `false`, `null` and `undefined`
 * are left out. Children are elements or texts; empty ones are left out.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** An element that holds words: it finds its own direction from them. */
export function words(tag, name, text) {
  return text ? make(tag, { class: name, dir: "auto" }, text) : null;
}

/** Make these the children of a part, in this order; one that is there already stays untouched, and with it what is in use. */
export function arrange(part, wanted) {
  for (const child of [...part.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((element, index) => {
    if (part.children[index] !== element) part.insertBefore(element, part.children[index] ?? null);
  });
}

/** Give the focus to what has this `data-key` in a part, or else to the card around it. */
export function focusKey(part, key) {
  const found = [...part.querySelectorAll("[data-key]")].find((other) => other.dataset.key === key);
  (found ?? part.closest(".card"))?.focus({ preventScroll: !found });
}

const SHAPES = {
  pending: ["circle"],
  ready: ["circle"],
  running: ["arc"],
  asking: ["circle", "M9.4 9.3a2.7 2.7 0 1 1 3.9 2.4c-.9.5-1.3 1-1.3 1.9", "M12 16.6v.1"],
  held: ["circle", "M10 9v6M14 9v6"],
  paused: ["circle", "M10 9v6M14 9v6"],
  timer: ["circle", "M12 8v4.2l2.6 1.6"],
  succeeded: ["disc", "m8.2 12.3 2.6 2.6 5-5.4"],
  failed: ["disc", "m9.2 9.2 5.6 5.6M14.8 9.2l-5.6 5.6"],
  rejected: ["circle", "m9.2 9.2 5.6 5.6M14.8 9.2l-5.6 5.6"],
  cancelled: ["circle", "M9.5 9.5h5v5h-5z"],
  skipped: ["circle", "M8.5 12h7"],
  unknown: ["circle", "M12 8v5M12 16.4v.1"],
  good: [
    "M7.5 11v8.5H4.8V11zM7.5 18.4l2 .9c.5.2 1 .3 1.5.3h4.6c.9 0 1.6-.6 1.8-1.4l1.5-5.4c.3-1.2-.5-2.3-1.8-2.3h-3.6l.7-3.3c.2-1.1-.5-2.1-1.6-2.2l-3.3 5.6-1.8.9",
  ],
  bad: [
    "M16.5 13V4.5h2.7V13zM16.5 5.6l-2-.9c-.5-.2-1-.3-1.5-.3H8.4c-.9 0-1.6.6-1.8 1.4l-1.5 5.4c-.3 1.2.5 2.3 1.8 2.3h3.6l-.7 3.3c-.2 1.1.5 2.1 1.6 2.2l3.3-5.6 1.8-.9",
  ],
  globe: [
    "circle",
    "M3.5 12h17M12 3.5c2.3 2.4 3.4 5.2 3.4 8.5s-1.1 6.1-3.4 8.5c-2.3-2.4-3.4-5.2-3.4-8.5S9.7 5.9 12 3.5z",
  ],
  hand: [
    "M7.5 12.5V7a1.3 1.3 0 0 1 2.6 0v4M10.1 10.5V5.2a1.3 1.3 0 0 1 2.6 0v5.3M12.7 10.5V6.3a1.3 1.3 0 0 1 2.6 0V12M15.3 9.3a1.3 1.3 0 0 1 2.6 0v5a5.6 5.6 0 0 1-5.6 5.6c-2.4 0-3.7-1-4.8-2.9l-2.3-3.8c-.8-1.4 1.1-2.6 2.3-1.2z",
  ],
  spark: ["M12 4.5c.7 4.2 2.6 6.4 7 7.5-4.4 1.1-6.3 3.3-7 7.5-.7-4.2-2.6-6.4-7-7.5 4.4-1.1 6.3-3.3 7-7.5z"],
  undo: ["M8.5 6.5 5 10l3.5 3.5", "M5.5 10h8.3a4.7 4.7 0 0 1 0 9.4H9"],
  pencil: ["m5 19 .8-3.6L15.6 5.6a1.7 1.7 0 0 1 2.4 0l.4.4a1.7 1.7 0 0 1 0 2.4L8.6 18.2z"],
};

/** A small drawing by name; decoration only, the words beside it say the same. */
export function glyph(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `glyph glyph-${name}`);
  for (const shape of SHAPES[name] ?? SHAPES.pending) svg.append(draw(shape));
  return svg;
}

function draw(shape) {
  const round = shape === "circle" || shape === "disc" || shape === "arc";
  const element = document.createElementNS(SVG, round ? "circle" : "path");
  if (round) {
    for (const [name, value] of [
      ["cx", 12],
      ["cy", 12],
      ["r", 8.5],
      ["class", shape],
    ])
      element.setAttribute(name, value);
  } else {
    element.setAttribute("d", shape);
  }
  return element;
}

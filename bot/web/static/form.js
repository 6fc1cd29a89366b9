/** A form for the arguments of one call, made from their types. What is not touched goes back exactly as it came. */

import { make } from "./dom.js";
import { say } from "./texts.js";
import { localTime, withOffset } from "./zone.js";

/** Draw the form; `done` gets all arguments of the call, `back` closes it. */
export function callForm(approval, done, back) {
  const rows = approval.fields.map((field) => ({ field, ...control(field, approval.zone) }));
  const submit = (event) => {
    event.preventDefault();
    const values = collect(rows);
    if (values) done(values);
  };
  const zoned = approval.fields.some((field) => field.input === "instant");
  return make(
    "form",
    { class: "edit", onsubmit: submit, onkeydown: (event) => event.key === "Escape" && back() },
    rows.map(({ field, input, hint }) =>
      make(
        "label",
        { class: "edit-row" },
        make("span", {}, make("bdi", {}, field.label)),
        input,
        hint && make("small", { class: "faint" }, hint),
      ),
    ),
    zoned && make("p", { class: "faint small", dir: "auto" }, say("zone", { zone: approval.zone })),
    make(
      "div",
      { class: "buttons" },
      make("button", { class: "primary" }, say("save")),
      make("button", { type: "button", class: "plain", onclick: back }, say("back")),
    ),
  );
}

/** All values by name, or null when one of them cannot be read (its control then says why). */
function collect(rows) {
  const values = {};
  for (const { field, input, read, before } of rows) {
    input.setCustomValidity("");
    try {
      values[field.name] = state(input) === before ? field.raw : read();
    } catch {
      input.setCustomValidity(say("json_invalid"));
      input.reportValidity();
      return null;
    }
  }
  return values;
}

function state(input) {
  return input.type === "checkbox" ? String(input.checked) : input.value;
}

function control(field, zone) {
  const made = CONTROLS[field.input]?.(field.raw, zone) ?? CONTROLS.json(field.raw);
  made.input.name = field.name;
  made.input.addEventListener("input", () => made.input.setCustomValidity(""));
  return { ...made, before: state(made.input) };
}

const CONTROLS = {
  text: (raw) => line(raw),
  multiline: (raw) => area(raw, (text) => text),
  number: (raw) => {
    const input = make("input", { type: "number", step: "any", value: raw, required: true });
    return { input, read: () => Number(input.value) };
  },
  boolean: (raw) => {
    const input = make("input", { type: "checkbox", checked: raw });
    return { input, read: () => input.checked };
  },
  instant: (raw, zone) => {
    const input = make("input", { type: "datetime-local", value: localTime(raw, zone), required: true });
    return { input, read: () => withOffset(input.value, zone) };
  },
  lines: (raw) => area(raw.join("\n"), split, say("list_lines")),
  people: (raw) => area(raw.map(person).join("\n"), (text) => split(text).map(parsePerson), say("person_lines")),
  person: (raw) => {
    const made = line(person(raw));
    return { ...made, read: () => (made.input.value.trim() ? parsePerson(made.input.value) : { name: "", email: "" }) };
  },
  fixed: (raw) => {
    const input = make("output", { dir: "auto" }, String(raw));
    return { input, read: () => raw };
  },
  json: (raw) => area(JSON.stringify(raw, null, 2), JSON.parse),
};

function line(value) {
  const input = make("input", { type: "text", dir: "auto", value });
  return { input, read: () => input.value };
}

function area(value, parse, hint) {
  const rows = Math.min(8, Math.max(2, value.split("\n").length + 1));
  const input = make("textarea", { rows, dir: "auto" }, value);
  return { input, hint, read: () => parse(input.value) };
}

function split(text) {
  return text
    .split("\n")
    .map((part) => part.trim())
    .filter(Boolean);
}

function person({ name, email }) {
  return email ? (name ? `${name} <${email}>` : email) : name;
}

function parsePerson(text) {
  const match = /^(.*)<([^<>]*)>\s*$/.exec(text);
  if (match) return { name: match[1].trim(), email: match[2].trim() };
  return text.includes("@") ? { name: "", email: text.trim() } : { name: text.trim(), email: "" };
}

/** A form for the arguments of one call, made from their types. What is not touched goes back exactly as it came. */

import { make } from "./dom.js";
import { say } from "./texts.js";
import { localTime, withOffset } from "./zone.js";

let count = 0;

/**
 * Draw the form of a call: `element`, and `blame(name, text)`, which says at an argument what is wrong with it.
 * @param {object} call its `fields` and `zone`
 * @param {object} ways `done` gets all arguments, `back` closes it, `save` is what its button says, `tell` says the rest
 */
export function callForm(call, { done, back, save, tell = say }) {
  const rows = call.fields.map((field) => formRow(field, call.zone, tell));
  const submit = (event) => {
    event.preventDefault();
    const values = collect(rows, tell);
    if (values) done(values);
  };
  const escape = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    back();
  };
  const zoned = rows.some(({ field }) => field.input === "instant");
  const element = make(
    "form",
    { class: "edit", novalidate: true, onsubmit: submit, onkeydown: escape },
    rows.map(({ element: row }) => row),
    zoned ? make("p", { class: "faint small", dir: "auto" }, tell("zone", { zone: call.zone })) : null,
    make(
      "div",
      { class: "buttons" },
      make("button", { class: "primary" }, save),
      make("button", { type: "button", class: "plain", onclick: back }, tell("back")),
    ),
  );
  const blame = (name, text) => {
    const row = rows.find(({ field }) => field.name === name);
    if (!row) return false;
    row.mark(text);
    row.input.focus();
    return true;
  };
  return { element, blame };
}

/** One argument: its label, its control, and what is wrong with what stands there. */
function formRow(field, zone, tell) {
  const { input, hint, read } = (CONTROLS[field.input] ?? CONTROLS.json)(field.raw, { zone, field, tell });
  const fault = make("p", { class: "problem small", id: `w-${(count += 1)}`, role: "alert", dir: "auto", hidden: true });
  const mark = (text) => {
    fault.textContent = text;
    fault.hidden = !text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.name = field.name;
  input.setAttribute("aria-describedby", fault.id);
  input.addEventListener("input", () => mark(""));
  const label = make(
    "label",
    { class: "edit-row" },
    make("span", {}, make("bdi", {}, field.label)),
    input,
    hint && make("small", { class: "faint" }, hint),
  );
  return { field, input, read, mark, before: state(input), element: make("div", { class: "edit-part" }, label, fault) };
}

/** All values by name, or null when one of them does not fit; its control then says why, and the first one has the focus. */
function collect(rows, tell) {
  const values = {};
  const wrong = rows.filter(({ field, input, read, mark, before }) => {
    const { value, fault } = state(input) === before ? { value: field.raw, fault: "" } : valueOf(field, input, read, tell);
    values[field.name] = value;
    mark(fault);
    return fault;
  });
  wrong[0]?.input.focus();
  return wrong.length ? null : values;
}

function valueOf(field, input, read, tell) {
  if (field.rule?.nullable && !state(input).trim()) return { value: null, fault: "" };
  try {
    const value = read();
    return { value, fault: field.rule ? faultOf(value, field.rule, tell) : "" };
  } catch (failure) {
    return { value: null, fault: tell(`fault.${failure.message}`) };
  }
}

/** What a rule has against a value, in a sentence; empty for nothing. */
function faultOf(value, { empty, whole, least, most }, tell) {
  const number = typeof value === "number";
  const size = number ? value : typeof value === "string" ? [...value].length : Array.isArray(value) ? value.length : null;
  if (size === null) return "";
  if (!number && !size) return empty ? "" : tell("fault.empty");
  if (number && whole && !Number.isInteger(value)) return tell("fault.whole");
  const [below, above] = number ? ["least", "most"] : Array.isArray(value) ? ["few", "many"] : ["short", "long"];
  if (least !== null && size < least) return tell(`fault.${below}`, { limit: least });
  return most !== null && size > most ? tell(`fault.${above}`, { limit: most }) : "";
}

function state(input) {
  return input.type === "checkbox" ? String(input.checked) : input.value;
}

/** By the kind of an input: its control, how it is read, and a hint. What cannot be read throws the name of a fault. */
const CONTROLS = {
  text: (raw) => line(raw ?? ""),
  multiline: (raw) => area(raw ?? "", (text) => text),
  number: (raw) => {
    const input = make("input", { type: "number", step: "any", value: raw });
    return { input, read: () => (input.value ? Number(input.value) : unfit("number")) };
  },
  boolean: (raw) => {
    const input = make("input", { type: "checkbox", checked: raw });
    return { input, read: () => input.checked };
  },
  choice: (raw, { field }) => {
    const option = (value, index) => make("option", { value: index, selected: value === raw }, String(value));
    const input = make("select", { dir: "auto" }, field.rule.choices.map(option));
    return { input, read: () => field.rule.choices[Number(input.value)] };
  },
  instant: (raw, { zone }) => {
    const input = make("input", { type: "datetime-local", value: raw && localTime(raw, zone) });
    return { input, read: () => (input.value ? withOffset(input.value, zone) : unfit("bad_moment")) };
  },
  lines: (raw, { tell }) => area((raw ?? []).join("\n"), split, tell("list_lines")),
  people: (raw, { tell }) =>
    area((raw ?? []).map(person).join("\n"), (text) => split(text).map(parsePerson), tell("person_lines")),
  person: (raw) => {
    const made = line(raw ? person(raw) : "");
    return { ...made, read: () => (made.input.value.trim() ? parsePerson(made.input.value) : { name: "", email: "" }) };
  },
  fixed: (raw) => {
    const input = make("output", { dir: "auto" }, String(raw));
    return { input, read: () => raw };
  },
  json: (raw) => area(JSON.stringify(raw, null, 2), json),
};

function unfit(name) {
  throw new Error(name);
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return unfit("bad_json");
  }
}

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

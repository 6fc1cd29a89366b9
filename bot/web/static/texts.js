/** The page's own words, in the language it is switched to. Cards bring theirs. */

import { Problem } from "./api.js";

const KEY = "tizmor.locale";
const others = new Map();
let current = {};

/** The language to open in: what was chosen before, else the browser's. */
export function preferred() {
  const saved = read();
  if (saved) return saved;
  return /^(he|iw)\b/i.test(navigator.language) ? "he" : "en";
}

/** Fetch the words of a language and turn the page its way. */
export async function load(locale) {
  current = await fetched(locale);
  document.documentElement.lang = current.locale;
  document.documentElement.dir = current.direction;
}

/** Remember the person's choice. */
export function remember(locale) {
  try {
    localStorage.setItem(KEY, locale);
  } catch {
    /* private windows may refuse; the browser's language then decides next time */
  }
}

/** A sentence with its values. */
export function say(key, values = {}) {
  return told(current, key, values);
}

/** The sentence for an error's code, and the server's own detail where this page has no word for it. */
export function sayError(problem) {
  return toldError(current, problem);
}

/** The same in another language than the page's, for what belongs to a card: `tell(key, values)` and `tell.error(problem)`. */
export async function wordsIn(locale) {
  if (!others.has(locale)) others.set(locale, await fetched(locale));
  const texts = others.get(locale);
  const tell = (key, values = {}) => told(texts, key, values);
  tell.error = (problem) => toldError(texts, problem);
  return tell;
}

/** The language in use. */
export function locale() {
  return current.locale ?? "en";
}

async function fetched(locale) {
  let response;
  try {
    response = await fetch(`/api/chat/texts?locale=${encodeURIComponent(locale)}`, { credentials: "same-origin" });
  } catch {
    throw new Problem({ code: "offline" });
  }
  if (!response.ok) throw new Problem({ status: response.status, code: response.status === 401 ? "not_signed_in" : "" });
  return response.json();
}

function told(texts, key, values) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function toldError(texts, problem) {
  const known = problem?.code && texts[`error.${problem.code}`];
  return known || (texts.locale === "en" && problem?.detail) || told(texts, "error.generic", {});
}

function read() {
  try {
    const saved = localStorage.getItem(KEY);
    return saved === "he" || saved === "en" ? saved : null;
  } catch {
    return null;
  }
}

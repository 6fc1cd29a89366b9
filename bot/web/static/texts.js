/** The page's own words, in the language it is switched to. Cards bring theirs. */

const KEY = "tizmor.locale";
let current = {};

/** The language to open in: what was chosen before, else the browser's. */
export function preferred() {
  const saved = read();
  if (saved) return saved;
  return /^(he|iw)\b/i.test(navigator.language) ? "he" : "en";
}

/** Fetch the words of a language and turn the page its way. */
export async function load(locale) {
  const response = await fetch(`/api/chat/texts?locale=${encodeURIComponent(locale)}`, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`texts: ${response.status}`);
  current = await response.json();
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
  return (current[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The sentence for an error's code, and the server's own detail where this page has no word for it. */
export function sayError(problem) {
  const code = problem?.code;
  const known = code && current[`error.${code}`];
  return known || (current.locale === "en" && problem?.detail) || say("error.generic");
}

/** The language in use. */
export function locale() {
  return current.locale ?? "en";
}

function read() {
  try {
    const saved = localStorage.getItem(KEY);
    return saved === "he" || saved === "en" ? saved : null;
  } catch {
    return null;
  }
}

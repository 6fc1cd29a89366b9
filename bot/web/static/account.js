/** What was done, what was not, and what may have happened: a list for each, of a task that did not simply succeed. */

import { make, words } from "./dom.js";

/** Draw one list. */
export function accountList(list) {
  return make(
    "section",
    { class: `block account ${list.kind}` },
    make("h4", {}, list.heading),
    make("ul", {}, list.rows.map(row)),
  );
}

function row(entry) {
  return make("li", {}, make("bdi", {}, entry.title), entry.note ? words("span", "faint small note", entry.note) : null);
}

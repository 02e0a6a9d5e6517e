// The queue made quicker: more rows as one scrolls, fresh ones as they come, filters without a new page, and keys.
// Everything works without it.

const form = document.getElementById("queue-form");
const part = document.getElementById("queue");
const filters = document.getElementById("queue-filters");
const news = document.getElementById("queue-news");
const help = document.getElementById("queue-help");
const bulk = document.getElementById("queue-bulk");
const unsnooze = document.getElementById("queue-unsnooze");
const keysOn = document.getElementById("queue-keys-on");
const announce = document.getElementById("announce");
const EVERY = 10_000;
const KEYS_OFF = "queue-keys-off";

let stamp = part.dataset.stamp;
let address = part.dataset.rows;
let asked = 0; // counts what was asked for, so that an answer to an older question is dropped

function say(text) {
  announce.textContent = "";
  announce.textContent = text;
}

async function fetchRows(url, known = null) {
  const headers = known ? { "If-None-Match": `"${known}"` } : {};
  try {
    const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", headers });
    return answer.redirected ? null : answer;
  } catch {
    return null;
  }
}

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}

const later = new IntersectionObserver((seen) => {
  if (seen.some((one) => one.isIntersecting)) more();
}, { rootMargin: "600px" });

function watchEnd() {
  later.disconnect();
  const link = document.getElementById("queue-later");
  if (link) later.observe(link);
}

// The next page's rows follow those that are there; a case that has moved between two answers is shown once.
async function more() {
  const link = document.getElementById("queue-later");
  if (!link) return;
  later.disconnect();
  const question = asked;
  const answer = await fetchRows(link.dataset.rows);
  if (!answer || !answer.ok || question !== asked) return;
  const fresh = parse(await answer.text());
  const rows = document.getElementById("queue-rows");
  const there = new Set([...rows.children].map((row) => row.dataset.case));
  rows.append(...[...fresh.querySelectorAll("#queue-rows > tr")].filter((row) => !there.has(row.dataset.case)));
  const next = fresh.querySelector("#queue-later");
  if (next) link.replaceWith(next);
  else link.remove();
  watchEnd();
}

function busy() {
  return part.contains(document.activeElement) || part.querySelector("input:checked") || part.querySelectorAll("tr[data-case]").length > 50;
}

// What can be done with chosen cases depends on which are shown.
function fitBulk() {
  bulk.hidden = !form.querySelector("input[name=case]");
  unsnooze.hidden = new URL(address, location.href).searchParams.get("snoozed") !== "yes";
}

async function show(url) {
  const question = ++asked;
  const answer = await fetchRows(url);
  if (!answer || !answer.ok || question !== asked) return;
  const tag = (answer.headers.get("ETag") || "").replaceAll(/^W\/|"/g, "");
  part.replaceChildren(...parse(await answer.text()).childNodes);
  address = url;
  stamp = tag;
  news.hidden = true;
  fitBulk();
  watchEnd();
}

async function refresh() {
  if (document.hidden || !news.hidden) return;
  const question = asked;
  const answer = await fetchRows(address, stamp);
  if (!answer || answer.status !== 200 || question !== asked) return;
  // Nobody's choosing or reading is disturbed: they are told, and look when they like.
  if (busy()) {
    news.hidden = false;
    say("The queue has changed.");
    return;
  }
  await show(address);
  say("The queue was brought up to date.");
}

function filterQuery() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(filters)) if (value) query.append(name, value);
  return query;
}

async function filter(event) {
  event.preventDefault();
  const query = filterQuery();
  history.pushState(null, "", query.size ? `/queue?${query}` : "/queue");
  form.action = query.size ? `/queue?${query}` : "/queue";
  await show(`/queue/rows?${query}`);
  say(document.getElementById("queue-count")?.textContent ?? "No case fits this filter.");
}

function rows() {
  return [...part.querySelectorAll("tr[data-case]")];
}

function current() {
  return document.activeElement?.closest?.("tr[data-case]") ?? null;
}

function go(step) {
  const all = rows();
  const here = all.indexOf(current());
  const next = all[Math.min(Math.max(here + step, 0), all.length - 1)];
  next?.querySelector("input[type=checkbox]").focus();
  next?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  x: () => current()?.querySelector("input[type=checkbox]").click(),
  o: () => current()?.querySelector("th a").click(),
  c: () => current()?.querySelector("button[value^='claim:']")?.click(),
  h: () => document.getElementById("queue-to")?.focus(),
  s: () => document.getElementById("queue-span")?.focus(),
  "?": () => help.showModal(),
};

// Who dictates or types by accident turns the keys off, which is remembered where the browser remembers anything.
function remembered() {
  try {
    return localStorage.getItem(KEYS_OFF) === null;
  } catch {
    return true;
  }
}

function remember() {
  try {
    if (keysOn.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "yes");
  } catch {
    say("This browser remembers nothing, so the choice ends with this page.");
  }
}

function press(event) {
  if (!keysOn.checked) return;
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.target.matches("select, textarea, input:not([type=checkbox])")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

const keys = document.getElementById("queue-keys");
keys.hidden = false;
keysOn.checked = remembered();
keysOn.addEventListener("change", remember);
keys.addEventListener("click", () => help.showModal());
document.getElementById("queue-show").addEventListener("click", () => show(address));
filters.addEventListener("submit", filter);
filters.addEventListener("change", filter);
addEventListener("popstate", () => location.reload());
addEventListener("keydown", press);
setInterval(refresh, EVERY);
watchEnd();

// The sidebar inside the helpdesk: asks it which ticket is open, fetches what we know of it, and keeps it fresh.
// The bearer lives in this page's memory alone; it is never put into an address, a cookie or storage.

const SOON = 400; // milliseconds between two looks while a ticket is being read for the first time
const MOST_SOON = 25; // such looks in a row; after them the usual pace is enough

const content = document.getElementById("content");
const status = document.getElementById("status");
const checker = document.getElementById("checker");
const verdict = document.getElementById("verdict");
const bearer = document.querySelector('meta[name="kintsugi-bearer"]').content;
const every = Number(document.querySelector('meta[name="kintsugi-every"]').content) * 1000;
const client = window.ZAFClient ? window.ZAFClient.init() : false;

let ticketId = null;
let tag = ""; // of the answer that is shown
let timer = null;
let soon = 0;
let watched = false;
const inserted = new Set(); // words that were put into the reply
let chosen = false; // something was chosen in a form and not sent yet

function say(template) {
  status.replaceChildren(document.getElementById(template).content.cloneNode(true));
}

function resize() {
  const height = Math.min(Math.max(document.body.scrollHeight, 120), 900);
  client.invoke("resize", { width: "100%", height: `${height}px` }).catch(() => {});
}

function ask(path, options = {}) {
  const headers = { Authorization: `Bearer ${bearer}`, ...options.headers };
  return fetch(path, { ...options, headers, credentials: "omit" });
}

function path(rest = "") {
  return `/sidebar/zendesk/ticket/${encodeURIComponent(ticketId)}${rest}`;
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html").body.childNodes;
}

// Somebody is choosing in what would be replaced.
function busy() {
  return chosen || (content.contains(document.activeElement) && document.activeElement.matches("select"));
}

// Puts newer content in place without moving anything that a person has opened or stands on.
function show(html) {
  const open = new Map([...content.querySelectorAll("details[data-keep]")].map((one) => [one.dataset.keep, one.open]));
  const stood = content.contains(document.activeElement) ? place(document.activeElement) : null;
  content.replaceChildren(...parsed(html));
  for (const one of content.querySelectorAll("details[data-keep]")) {
    if (open.has(one.dataset.keep)) one.open = open.get(one.dataset.keep);
  }
  for (const one of content.querySelectorAll("[data-insert]")) {
    one.hidden = false;
    if (inserted.has(words(one))) settle(one);
  }
  if (stood) stand(stood);
  checker.hidden = false;
  resize();
}

function reachable() {
  return [...content.querySelectorAll("a, button, summary")];
}

// What an element is by what it does, never by its number: another one may come to stand where it stood.
function key(element) {
  const kept = element.parentElement.dataset.keep ?? "";
  const leads = element.getAttribute("href") ?? element.form?.getAttribute("action") ?? "";
  return [element.tagName, leads, kept, element.textContent].join("\n");
}

function place(element) {
  return { key: key(element), heading: element.closest("section")?.getAttribute("aria-labelledby") };
}

// Where it is gone, a press of a key must do nothing: the heading above it takes the focus.
function stand(stood) {
  reachable().find((one) => key(one) === stood.key)?.focus();
  if (content.contains(document.activeElement)) return;
  const heading = (stood.heading && document.getElementById(stood.heading)) || content.querySelector("h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

function words(button) {
  return button.parentElement.querySelector("[data-words]").textContent;
}

function settle(button) {
  button.disabled = true;
  button.textContent = "It is in the reply";
}

function insertsOf(text) {
  return [...content.querySelectorAll("[data-insert]")].filter((one) => words(one) === text);
}

async function take(answer) {
  status.replaceChildren();
  chosen = false;
  if (answer.status === 304) return;
  tag = answer.headers.get("ETag") ?? "";
  show(await answer.text());
}

// One look. False when there is nothing more to wait for.
async function look() {
  let answer;
  try {
    answer = await ask(path(), { headers: tag ? { "If-None-Match": tag } : {} });
    if (answer.status === 404 && !watched) answer = await watch();
  } catch {
    say("unreachable");
    return true;
  }
  if (answer.ok || answer.status === 304) {
    if (!busy()) await take(answer);
  } else if (answer.status === 404) say("unknown");
  else if (answer.status === 401) {
    say("expired");
    return false;
  } else say("unreachable");
  return true;
}

// A ticket that nobody has told Kintsugi of is read because somebody looks at it.
async function watch() {
  watched = true;
  await ask(path("/watch"), { method: "POST" });
  return ask(path());
}

function pace() {
  const reading = content.querySelector("[data-soon]");
  soon = reading ? soon + 1 : 0;
  return reading && soon <= MOST_SOON ? SOON : every;
}

// What can be said and done from here; the answer is the ticket as it is then.
async function submit(event) {
  if (!event.target.matches("[data-correct]")) return;
  event.preventDefault();
  event.target.closest("details")?.removeAttribute("open");
  let answer;
  try {
    answer = await ask(event.target.getAttribute("action"), {
      method: "POST",
      body: new URLSearchParams(new FormData(event.target)),
    });
  } catch {
    say("unreachable");
    return;
  }
  if (answer.ok) await take(answer);
  else say(answer.status === 401 ? "expired" : "unreachable");
}

// Draft words go into the reply box, where the agent changes and sends them. Once: a second press would double them.
async function insert(event) {
  const button = event.target.closest("[data-insert]");
  if (!button || button.disabled) return;
  const text = words(button);
  button.disabled = true;
  inserted.add(text); // before it is done: newer content may come meanwhile
  try {
    const told = await client.invoke("comment.appendText", text);
    if (told?.errors?.["comment.appendText"]) throw new Error("no reply box");
    insertsOf(text).forEach(settle);
  } catch {
    inserted.delete(text);
    for (const one of insertsOf(text)) {
      one.disabled = false;
      one.textContent = "Not possible here: copy the words";
    }
  }
}

async function check(event) {
  event.preventDefault();
  try {
    const answer = await ask("/sidebar/zendesk/check", {
      method: "POST",
      body: new URLSearchParams(new FormData(event.target)),
    });
    if (answer.ok) verdict.replaceChildren(...parsed(await answer.text()));
    else say(answer.status === 401 ? "expired" : "unreachable");
  } catch {
    say("unreachable");
  }
  resize();
}

// The helpdesk's own reply box, where it lets apps read it.
async function takeDraft() {
  const said = await client.get("comment.text").catch(() => ({}));
  const draft = said["comment.text"];
  if (typeof draft !== "string" || !draft.trim()) return;
  document.getElementById("reply").value = new DOMParser().parseFromString(draft, "text/html").body.textContent;
}

// What was chosen in a form that is closed again was not meant.
function turned(event) {
  if (event.target.matches(".correct") && !event.target.open) chosen = false;
  resize();
}

async function loop() {
  clearTimeout(timer);
  if (document.hidden || (await look())) timer = setTimeout(loop, pace());
}

async function start() {
  if (!client) {
    say("outside");
    return;
  }
  try {
    ticketId = (await client.get("ticket.id"))["ticket.id"];
  } catch {
    ticketId = null;
  }
  if (!ticketId) ticketId = (await client.context()).ticketId;
  if (!ticketId) {
    say("unsaved");
    return;
  }
  content.addEventListener("submit", submit);
  content.addEventListener("click", insert);
  content.addEventListener("change", () => { chosen = true; });
  content.addEventListener("toggle", turned, true);
  document.getElementById("checkform").addEventListener("submit", check);
  const taken = document.getElementById("taken");
  taken.hidden = false;
  taken.addEventListener("click", takeDraft);
  document.addEventListener("visibilitychange", () => document.hidden || loop());
  await loop();
  resize();
}

start().catch(() => say("outside"));

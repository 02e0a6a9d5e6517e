// The sidebar inside the helpdesk: asks it which ticket is open, fetches what we know of it, and keeps it fresh.
// The bearer lives in this page's memory alone; it is never put into an address, a cookie or storage.

const content = document.getElementById("content");
const status = document.getElementById("status");
const bearer = document.querySelector('meta[name="kintsugi-bearer"]').content;
const every = Number(document.querySelector('meta[name="kintsugi-every"]').content) * 1000;
const client = window.ZAFClient ? window.ZAFClient.init() : false;

let ticketId = null;
let shown = "";
let timer = null;

function say(template) {
  status.replaceChildren(document.getElementById(template).content.cloneNode(true));
}

function resize() {
  const height = Math.min(Math.max(document.body.scrollHeight, 120), 900);
  client.invoke("resize", { width: "100%", height: `${height}px` }).catch(() => {});
}

function show(html, whatever = false) {
  status.replaceChildren();
  if (!whatever && (html === shown || content.querySelector("details[open]"))) return;
  shown = html;
  content.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  resize();
}

async function look() {
  let answer;
  try {
    answer = await fetch(`/sidebar/zendesk/ticket/${encodeURIComponent(ticketId)}`, {
      headers: { Authorization: `Bearer ${bearer}` },
      credentials: "omit",
    });
  } catch {
    say("unreachable");
    return true;
  }
  if (answer.ok) show(await answer.text());
  else if (answer.status === 404) say("unknown");
  else if (answer.status === 401) {
    say("expired");
    return false;
  } else say("unreachable");
  return true;
}

// The one thing that can be said from here: what really went wrong.
async function correct(event) {
  if (!event.target.matches("[data-correct]")) return;
  event.preventDefault();
  let answer;
  try {
    answer = await fetch(event.target.getAttribute("action"), {
      method: "POST",
      headers: { Authorization: `Bearer ${bearer}` },
      body: new URLSearchParams(new FormData(event.target)),
      credentials: "omit",
    });
  } catch {
    say("unreachable");
    return;
  }
  if (answer.ok) show(await answer.text(), true);
  else say(answer.status === 401 ? "expired" : "unreachable");
}

async function loop() {
  clearTimeout(timer);
  if (document.hidden || (await look())) timer = setTimeout(loop, every);
  resize();
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
  content.addEventListener("submit", correct);
  document.addEventListener("visibilitychange", () => document.hidden || loop());
  loop();
}

start().catch(() => say("outside"));

// Keeps the page fresh, and plays the host of a sidebar app. Without this file every form still works.

const EVERY = 2000;
const watched = document.querySelector("[data-watch]");
const frame = document.querySelector("iframe[name=app-frame]");
const news = document.getElementById("news");
let seen = null;
let state = null;

async function look() {
  if (document.hidden || !watched) return;
  try {
    const answer = await fetch(watched.dataset.watch);
    if (!answer.ok) return;
    const text = await answer.text();
    const before = state;
    state = JSON.parse(text);
    if (seen !== null && seen !== text) {
      await swap();
      tellApp(before, state);
    }
    seen = text;
  } catch {
    // The helpdesk is away for a moment; the next look will tell.
  }
}

async function swap() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of watched.dataset.swap.split(" ")) {
    const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
    if (!old || !next || old.innerHTML === next.innerHTML) continue;
    old.replaceChildren(...next.childNodes);
    old.classList.remove("fresh");
    void old.offsetWidth;
    old.classList.add("fresh");
  }
}

setInterval(look, EVERY);
look();

// --- the sidebar app: launch, then the app framework's protocol ---

const listening = new Set();

function post(message) {
  frame.contentWindow.postMessage(JSON.stringify(message), frame.dataset.origin);
}

function context() {
  return {
    instanceGuid: frame.dataset.guid,
    product: "support",
    account: { subdomain: frame.dataset.subdomain },
    location: "ticket_sidebar",
    ticketId: Number(watched.dataset.ticket),
  };
}

const readable = {
  "ticket.id": () => Number(watched.dataset.ticket),
  "ticket.subject": () => state?.subject,
  "ticket.status": () => state?.status,
  "ticket.priority": () => state?.priority,
  "ticket.tags": () => state?.tags,
  "ticket.requester": () => state?.requester,
  "ticket.requester.name": () => state?.requester.name,
  "ticket.requester.email": () => state?.requester.email,
  "ticket.assignee.group.name": () => state?.group,
  "comment.text": () => document.getElementById("reply").value,
  "currentUser": () => ({ id: watched.dataset.agent, name: watched.dataset.agentName, role: "agent" }),
};

function append(text) {
  const reply = document.getElementById("reply");
  reply.value += reply.value ? `\n\n${text}` : text;
}

const doable = {
  "resize": (size) => { frame.style.height = `${Math.min(2000, Math.max(120, parseInt(size?.height, 10) || 0))}px`; },
  "comment.appendText": append,
  "ticket.comment.appendText": append,
  "notify": (text) => { news.textContent = String(text); setTimeout(() => { news.textContent = ""; }, 4000); },
};

function answerGet(paths) {
  const result = { errors: {} };
  for (const path of [].concat(paths)) {
    if (path in readable) result[path] = readable[path]();
    else result.errors[path] = { message: `${path} is not spoken by the sandbox` };
  }
  return result;
}

function answerInvoke(calls) {
  const result = { errors: {} };
  for (const [name, args] of Object.entries(calls)) {
    if (name in doable) result[name] = doable[name](...[].concat(args)) ?? null;
    else result.errors[name] = { message: `${name} is not spoken by the sandbox` };
  }
  return result;
}

function hear(message) {
  const key = message.key ?? "";
  if (key === "iframe.handshake") {
    const metadata = { appId: Number(frame.dataset.appId), installationId: Number(frame.dataset.installationId), settings: {} };
    post({ key: "zaf.app.registered", message: { metadata, context: context() } });
    post({ key: "zaf.app.activated", message: { firstLoad: true } });
  } else if (key.startsWith("iframe.on:")) {
    listening.add(key.slice("iframe.on:".length));
  } else if (key.startsWith("iframe.off:")) {
    listening.delete(key.slice("iframe.off:".length));
  } else if (key.startsWith("request:")) {
    const error = { status: 501, statusText: "Not Implemented", responseText: "The sandbox passes no requests on" };
    post({ key: `zaf.${key}.fail`, message: { responseArgs: [error] } });
  } else if (message.request === "get") {
    post({ id: message.id, result: answerGet(message.params) });
  } else if (message.request === "invoke") {
    post({ id: message.id, result: answerInvoke(message.params) });
  } else if (message.request === "set") {
    post({ id: message.id, result: { errors: { set: { message: "The sandbox lets apps set nothing" } } } });
  }
}

function tellApp(before, after) {
  if (!frame || !before) return;
  for (const name of ["status", "priority", "tags"]) {
    const changed = JSON.stringify(before[name]) !== JSON.stringify(after[name]);
    if (changed && listening.has(`ticket.${name}.changed`)) post({ key: `zaf.ticket.${name}.changed`, message: after[name] });
  }
  if (listening.has("ticket.updated")) post({ key: "zaf.ticket.updated", message: {} });
}

if (frame) {
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== frame.dataset.origin) return;
    try {
      hear(JSON.parse(event.data));
    } catch {
      // Not the framework's language; another script of the app talks to somebody else.
    }
  });
  document.getElementById("launch").requestSubmit();
  frame.closest(".app").classList.add("launched");
}

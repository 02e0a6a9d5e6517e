// The protocol editor: presses the form's own buttons without leaving the page, and asks as one types what is wrong
// and what would become of the chosen ticket. Everything works without it.

const form = document.querySelector("[data-editor]");
const live = document.getElementById("live");
const STAYS = new Set(["check", "refresh", "add", "remove", "up", "down", "preset", "yaml", "form"]);
const PAUSE = 450;
const CHOOSING = 900;

const touched = new Set();
let loud = form.hasAttribute("data-loud");
let number = 0;
let timer = null;
let away = false; // signed out; whoever comes back from signing in elsewhere goes on with this form

function content(extra) {
  const data = new FormData(form);
  if (extra) data.set("do", extra);
  return data;
}

function written(data) {
  return new URLSearchParams([...data].filter(([name]) => name !== "do")).toString();
}

async function send(url, data) {
  try {
    return await fetch(url, { method: "POST", body: data, credentials: "same-origin" });
  } catch {
    return null;
  }
}

function say(text) {
  if (live.textContent !== text) live.textContent = text;
}

// Why an answer is of no use; the form stays as it is, so nothing that was typed is lost.
function trouble(answer) {
  if (!answer) return "the server does not answer. Try again in a moment.";
  if (answer.status === 413) return "the document is too large. Make it smaller.";
  if (answer.status === 409) return "you are on another desk now. Switch back to it in a new tab, then go on here.";
  if (answer.status === 401 || answer.status === 403 || answer.redirected) return "you are signed out, or the form is too old.";
  return "something went wrong. Try again in a moment.";
}

function complain(what, answer) {
  say(`${what}: ${trouble(answer)}`);
  live.classList.remove("hidden");
  away = answer?.status === 401;
  if (!away) return;
  const link = document.createElement("a");
  link.href = "/sign-in";
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = "Sign in in a new tab";
  live.append(" ", link, ", then go on here.");
}

// A new session has a new token, without which it takes no form.
async function renew() {
  try {
    const page = await (await fetch("/protocols", { credentials: "same-origin" })).text();
    const token = new DOMParser().parseFromString(page, "text/html").querySelector("[name=csrf]")?.value;
    if (!token || token === form.elements.csrf.value) return false;
    form.elements.csrf.value = token;
    return true;
  } catch {
    return false;
  }
}

function focusOn(id) {
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let around = target.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  target.focus();
  target.scrollIntoView({ block: "nearest" });
}

// The controls that a closed choice hides are not asked for, so they are not shown either.
function fold() {
  for (const box of form.querySelectorAll("[data-wanted]")) {
    const fields = box.closest("fieldset").querySelector(".fields");
    fields.hidden = !box.checked;
  }
}

async function press(action, keepFocus) {
  const mine = ++number;
  const sheet = document.getElementById("editor-sheet");
  const sent = content(action);
  sheet.setAttribute("aria-busy", "true");
  const answer = await send(form.action, sent);
  if (mine !== number) return;
  sheet.removeAttribute("aria-busy");
  if (!answer || (!answer.ok && answer.status !== 422) || answer.redirected) {
    complain("That did not work", answer);
    return;
  }
  const text = await answer.text();
  if (mine !== number) return;
  // What was typed while the answer was on its way must not be lost.
  if (written(content()) !== written(sent) && action.startsWith("refresh")) {
    press(action, keepFocus);
    return;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const open = new Set([...form.querySelectorAll("details[open][id]")].map((one) => one.id));
  const { id: focused, selectionStart: caret } = document.activeElement;
  form.elements.base.value = fresh.querySelector("[name=base]").value;
  for (const id of ["editor-sheet", "panel"]) {
    document.getElementById(id).replaceChildren(...fresh.getElementById(id).childNodes);
  }
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (action.startsWith("check")) loud = true;
  fold();
  focusOn(keepFocus ? focused : fresh.querySelector("[data-editor]").dataset.focus);
  if (keepFocus && caret != null) document.activeElement.setSelectionRange?.(caret, caret);
  look();
}

function tell(at) {
  for (const list of form.querySelectorAll(".told")) {
    const id = list.id.slice(0, -"-told".length);
    const said = loud || touched.has(id) ? at[id] || [] : [];
    list.replaceChildren(
      ...said.map(({ severity, message }) => {
        const line = document.createElement("li");
        line.className = severity;
        line.textContent = message;
        return line;
      }),
    );
    const control = document.getElementById(id);
    if (!control?.name) continue;
    if (said.some((one) => one.severity === "error")) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
}

async function look() {
  clearTimeout(timer);
  const mine = number;
  const data = content();
  const sent = written(data);
  const answer = await send(form.dataset.look, data);
  if (mine !== number) return;
  if (answer?.status === 403 && (await renew())) {
    look();
    return;
  }
  if (!answer || !answer.ok || answer.redirected) {
    complain("Not checked", answer);
    return;
  }
  away = false;
  live.classList.add("hidden");
  const { at, panel } = await answer.json();
  if (written(content()) !== sent) return;
  tell(at);
  const place = document.getElementById("panel");
  if (place.contains(document.activeElement)) return;
  place.replaceChildren(...new DOMParser().parseFromString(panel, "text/html").body.childNodes);
  say(document.getElementById("summary").textContent.trim());
}

form.addEventListener("submit", (event) => {
  const action = event.submitter?.value || "check";
  if (!STAYS.has(action.split(":")[0])) return;
  event.preventDefault();
  press(action);
});

form.addEventListener("input", (event) => {
  if (!event.target.name) return;
  if (event.target.matches("[data-wanted]")) fold();
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE);
});

// Whoever chooses by typing the first letters passes other choices by: nothing is drawn anew before they pause or go on.
let keyed = false;
let waiting = null;

function refreshLater(path, pause) {
  clearTimeout(waiting?.timer);
  const run = () => {
    waiting = null;
    press(`refresh:${path}`, true);
  };
  waiting = { path, run, timer: setTimeout(run, pause) };
}

form.addEventListener("keydown", (event) => {
  keyed = event.target.tagName === "SELECT" && event.key !== "Enter";
  if (waiting && keyed && event.key !== "Tab") refreshLater(waiting.path, CHOOSING);
});

form.addEventListener("pointerdown", () => {
  keyed = false;
});

form.addEventListener("focusout", () => {
  if (!waiting) return;
  clearTimeout(waiting.timer);
  setTimeout(waiting.run, 0);
});

form.addEventListener("change", (event) => {
  touched.add(event.target.closest(".choices")?.id || event.target.id);
  if (event.target.dataset.refresh) refreshLater(event.target.dataset.refresh, keyed ? CHOOSING : 0);
});

// A link to what is wrong leads to its control, also where that is folded away.
form.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#f-"]');
  if (!link) return;
  event.preventDefault();
  const id = link.getAttribute("href").slice(1);
  touched.add(id);
  focusOn(id);
});

window.addEventListener("focus", () => {
  if (away) look();
});

fold();
focusOn(form.dataset.focus === "f" ? "" : form.dataset.focus);
if (!loud) look();

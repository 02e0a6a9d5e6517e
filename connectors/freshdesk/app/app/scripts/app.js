// Asks Kintsugi about the open ticket and writes the answer out. Everything is written as text, never as HTML, and no
// identity goes along: the request template proves which desk this is, on Freshworks' side.
"use strict";

const EVERY = 30000; // milliseconds between two looks; an account's apps have 50 requests a minute
const SOON = 2000; // while a ticket is read for the first time
const MOST_SOON = 5; // such looks in a row
const TALLEST = 600;

const WORDS = {
  401: "This app's sidebar key belongs to no desk. Your admin can set it again.",
  404: "Not under watch yet. Kintsugi notices a ticket with its next message.",
};

let client = null;
let soon = 0;

function byId(id) {
  return document.getElementById(id);
}

function write(id, text) {
  byId(id).textContent = text === null || text === undefined ? "" : String(text);
}

function item(text, quiet) {
  const row = document.createElement("li");
  row.textContent = text;
  if (quiet) {
    const more = document.createElement("span");
    more.className = "quiet";
    more.textContent = quiet;
    row.append(more);
  }
  return row;
}

function show(told) {
  byId("told").hidden = false;
  write("status", "");
  write("state", told.state);
  byId("state").className = told.mood;
  byId("number").hidden = told.score === null;
  write("score", told.score);
  const replied = told.since_reply !== null;
  const change = replied ? told.since_reply : told.change;
  const since = replied ? " since our last reply" : " since the last message";
  write("change", change ? (change > 0 ? "+" : "−") + Math.abs(change) + since : "");
  write("sentence", told.sentence);
  const reasons = told.reasons.map((one) => item((one.lowers ? "▾ " : "▴ ") + one.text));
  byId("reasons").replaceChildren(...reasons);
  byId("case").hidden = !told.case;
  if (told.case) {
    write("protocol", told.case.protocol);
    write("stage", told.case.stage);
    byId("steps").replaceChildren(...told.case.steps.map((one) => item(one.text, one.state)));
  }
  advise(told);
  fit();
}

function fit() {
  client.instance.resize({ height: Math.min(document.body.scrollHeight, TALLEST) + "px" });
}

function advise(told) {
  byId("next").replaceChildren(...told.next.map((one) => item(one.text, [one.reason, one.effect].filter(Boolean).join("; "))));
  byId("hints").replaceChildren(...told.hints.map((one) => item(one)));
  byId("guide").hidden = !told.guide;
  if (told.guide) {
    write("guide-name", told.guide.name);
    write("amounts", told.guide.amounts.join(", "));
    byId("guide-steps").replaceChildren(...told.guide.steps.map((one) => item(one)));
  }
  const promises = told.promises.map((one) => item("Promised by " + one.by, "on #" + one.ticket_id));
  const contacts = told.contacts.map((one) => item("#" + one.ticket_id + " " + one.state, one.score + " of 100"));
  const ratings = told.ratings.map((one) => item("Rated " + one.rating, "on #" + one.ticket_id));
  const known = [...promises, ...contacts, ...ratings];
  byId("customer").replaceChildren(...(known.length ? known : [item("Nothing is known before this ticket.")]));
}

async function check(event) {
  event.preventDefault();
  try {
    const answer = await client.request.invokeTemplate("checkReply", {
      body: JSON.stringify({ reply: byId("reply").value }),
    });
    const told = JSON.parse(answer.response);
    write("verdict", told.unread || (told.passed ? "Good to go." : "Something is missing."));
    byId("points").replaceChildren(
      ...told.points.map((one) => item((one.passed ? "✓ " : "✗ ") + one.text, [one.quote, one.advice].filter(Boolean).join(" → "))),
    );
  } catch (error) {
    write("verdict", WORDS[error && error.status] || "Kintsugi cannot be reached right now.");
  }
  fit();
}

function explain(error) {
  byId("told").hidden = true;
  write("status", WORDS[error && error.status] || "Kintsugi cannot be reached right now; trying again.");
}

async function look() {
  try {
    const data = await client.data.get("ticket");
    const answer = await client.request.invokeTemplate("askKintsugi", {
      body: JSON.stringify({ ticket_id: data.ticket.id }),
    });
    soon = 0;
    show(JSON.parse(answer.response));
  } catch (error) {
    explain(error);
    if (error && error.status === 404 && soon < MOST_SOON) {
      soon += 1;
      setTimeout(look, SOON);
    }
  }
}

async function start() {
  client = await app.initialized();
  byId("checker").addEventListener("submit", check);
  client.events.on("app.activated", look);
  client.events.on("ticket.propertiesUpdated", look);
  setInterval(() => {
    if (!document.hidden) {
      look();
    }
  }, EVERY);
  await look();
}

document.addEventListener("DOMContentLoaded", start);

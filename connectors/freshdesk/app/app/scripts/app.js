// Asks Kintsugi about the open ticket and writes the answer out. Everything is written as text, never as HTML, and no
// identity goes along: the request template proves which desk this is, on Freshworks' side.
"use strict";

const EVERY = 30000; // milliseconds between two looks; an account's apps have 50 requests a minute
const TALLEST = 600;

const WORDS = {
  401: "This app's sidebar key belongs to no desk. Your admin can set it again.",
  404: "Not under watch yet. Kintsugi notices a ticket with its next message.",
};

let client = null;

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
  const change = told.change;
  write("change", change ? (change > 0 ? "+" : "−") + Math.abs(change) + " since the last message" : "");
  write("sentence", told.sentence);
  const reasons = told.reasons.map((one) => item((one.lowers ? "▾ " : "▴ ") + one.text));
  byId("reasons").replaceChildren(...reasons);
  byId("case").hidden = !told.case;
  if (told.case) {
    write("protocol", told.case.protocol);
    write("stage", told.case.stage);
    byId("steps").replaceChildren(...told.case.steps.map((one) => item(one.text, one.state)));
  }
  client.instance.resize({ height: Math.min(document.body.scrollHeight, TALLEST) + "px" });
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
    show(JSON.parse(answer.response));
  } catch (error) {
    explain(error);
  }
}

async function start() {
  client = await app.initialized();
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

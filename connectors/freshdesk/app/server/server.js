// Forwards product events to Kintsugi: ids, the names of what changed, and when. No words of anybody leave the account
// by this way; Kintsugi reads the ticket itself.
"use strict";

function only(names, from) {
  const kept = {};
  names.forEach(function (name) {
    if (from && from[name] !== undefined) {
      kept[name] = from[name];
    }
  });
  return kept;
}

// Which fields changed counts, and for the two flags also how; the values of the others stay here.
function changes(all) {
  const kept = {};
  Object.keys(all || {}).forEach(function (name) {
    kept[name] = name === "deleted" || name === "spam" ? all[name] : [];
  });
  return kept;
}

async function tell(payload, data) {
  data.actor = only(["id", "type"], payload.data.actor);
  const body = { event: payload.event, timestamp: payload.timestamp, data: data };
  try {
    await $request.invokeTemplate("tellKintsugi", { body: JSON.stringify(body) });
  } catch (error) {
    console.error("Kintsugi did not take " + payload.event + ": " + error.status);
  }
}

exports = {
  tellOfTicket: function (payload) {
    const ticket = only(["id", "updated_at"], payload.data.ticket);
    if (payload.data.ticket.changes) {
      ticket.changes = changes(payload.data.ticket.changes);
    }
    return tell(payload, { ticket: ticket });
  },

  tellOfConversation: function (payload) {
    const names = ["id", "ticket_id", "notable_id", "updated_at"];
    return tell(payload, { conversation: only(names, payload.data.conversation) });
  },
};

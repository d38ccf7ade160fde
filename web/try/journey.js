// The way of one message: the bytes as received, what they were read as, why it was threaded so, each attempt to deliver it.
import { make } from "/webchat/assets/dom.js";
import { clock } from "./parts.js";

const WAYS = { SMTP: "Received over SMTP", IMAP: "Picked up by IMAP", WEBCHAT: "Received from the chat widget" };

export async function showJourney(bridge, id, opener) {
    const dialog = document.getElementById("journey");
    const close = make("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Close");
    const body = make("div", { class: "steps" }, make("p", {}, "Loading …"));
    dialog.replaceChildren(make("div", { class: "head" }, make("h2", { id: "journey-title" }, "The way of a message"), close), body);
    dialog.addEventListener("close", () => opener.focus(), { once: true });
    dialog.showModal();
    try {
        const message = await bridge.get(`/v1/messages/${id}`);
        const request = message.requestId ? await bridge.get(`/v1/inbound-requests/${message.requestId}`).catch(() => null) : null;
        body.replaceChildren(...steps(message, request));
    } catch (error) { body.replaceChildren(make("p", { class: "error" }, error.message)); }
}

function steps(message, record) {
    const found = [];
    const step = (title, ...content) => found.push(make("section", {}, make("h3", {}, `${found.length + 1}. ${title}`), ...content));
    if (message.direction === "inbound") {
        if (record?.request) {
            step(WAYS[record.request.method] || "Received over HTTP", make("p", { class: "sub" }, "at ", clock(record.receivedAt), `, ${record.outcome}`),
                block(raw(record.request), "As received"));
        } else step("Received", make("p", {}, "The raw request is kept for the channel’s retention time, and is no longer here."));
        step("Read as", block(JSON.stringify({ externalId: message.externalId, sentAt: message.sentAt, body: message.body }, null, 2), "Normalized"));
        step("Threaded by", ...why(message.why));
    } else {
        step("Asked for", block(JSON.stringify(message.body, null, 2), "Body"));
        for (const delivery of message.deliveries || []) step(`Delivered to ${delivery.address}: ${delivery.status}`, ...attempts(delivery));
    }
    if (message.revisions?.length) step("Changed", block(JSON.stringify(message.revisions, null, 2), "Revisions"));
    return found;
}

function block(text, label) { return make("pre", { tabindex: "0", "aria-label": label }, text); }

function raw({ method, url, headers, body }) {
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    const text = new TextDecoder().decode(bytes.subarray(0, 200_000));
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n");
    return `${method} ${url}\n${head}\n\n${text}${bytes.length > 200_000 ? "\n…" : ""}`;
}

function why(reason) {
    if (!reason) return [make("p", {}, "Nothing is kept of it.")];
    const rule = typeof reason === "string" ? reason : reason.rule;
    const rows = Object.entries(reason.evidence || {}).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
    const refused = (reason.refused || reason.candidates || []).map((each) => make("li", {}, typeof each === "string" ? each : JSON.stringify(each)));
    return [make("p", {}, make("b", {}, String(rule).replaceAll("_", " "))), make("dl", {}, ...rows),
        refused.length ? make("p", {}, "Refused candidates:") : null, refused.length ? make("ul", {}, ...refused) : null].filter(Boolean);
}

function attempts(delivery) {
    const rows = (delivery.attempts || []).map((each) => make("tr", {}, make("td", {}, String(each.number)), make("td", {}, clock(each.startedAt)),
        make("td", {}, each.outcome || "under way"), make("td", {}, each.httpStatus ? String(each.httpStatus) : ""), make("td", {}, each.detail || "")));
    const head = make("tr", {}, ...["Attempt", "At", "Outcome", "Answer", "Detail"].map((name) => make("th", { scope: "col" }, name)));
    const parts = (delivery.parts || []).map((part) => make("li", {}, `Part ${part.part}: ${part.status}${part.externalId ? `, ${part.externalId}` : ""}${part.code ? `, ${part.code}` : ""}`));
    const notes = [...(delivery.degradations || []), delivery.reason, delivery.reasonDetail, delivery.possibleDuplicate ? "may have been delivered twice" : null].filter(Boolean);
    return [rows.length ? make("table", {}, head, ...rows) : make("p", {}, "No attempt yet."), parts.length ? make("ul", {}, ...parts) : null,
        notes.length ? make("p", {}, notes.join(" · ")) : null].filter(Boolean);
}

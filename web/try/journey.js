// The way of one message: the bytes as received, what they were read as, why it was threaded so, each attempt to deliver it.
import { make } from "/webchat/assets/dom.js";
import { shownAddress } from "./names.js";
import { clock } from "./parts.js";
import { whySentences } from "./why.js";

const WAYS = { SMTP: "Received over SMTP", IMAP: "Picked up by IMAP", WEBCHAT: "Received from the chat widget" };
const OUTCOMES = {
    accepted: "taken", retry: "not taken, to be tried again", refused: "refused for good", unknown: "nobody can tell whether it arrived",
    none: "under way",
};

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
        body.replaceChildren(...steps(bridge, message, request));
    } catch (error) { body.replaceChildren(make("p", { class: "error" }, error.message)); }
}

function steps(bridge, message, record) {
    const found = [];
    const step = (title, ...content) => found.push(make("section", {}, make("h3", {}, `${found.length + 1}. ${title}`), ...content));
    if (message.direction === "inbound") {
        if (record?.request) {
            step(WAYS[record.request.method] || "Received over HTTP", make("p", { class: "sub" }, "at ", clock(record.receivedAt), `, ${record.outcome}`),
                block(raw(record.request), "As received"));
        } else step("Received", make("p", {}, "The raw request is kept for the channel’s retention time, and is no longer here."));
        step("Read as", block(JSON.stringify({ externalId: message.externalId, sentAt: message.sentAt, body: message.body }, null, 2), "Normalized"));
        step("Why it is in this conversation", ...why(bridge, message.why));
    } else {
        step("Asked for", block(JSON.stringify(message.body, null, 2), "Body"));
        for (const delivery of message.deliveries || []) {
            step(`Sent to ${shownAddress(delivery.address)}: ${delivery.status}`, ...attempts(bridge, delivery));
            for (const each of taken(bridge, delivery)) {
                step("Taken by the provider of the sandbox", make("p", { class: "sub" }, "at ", clock(each.at)), block(JSON.stringify(each, null, 2), "As taken"));
            }
        }
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

function why(bridge, reason) {
    return [make("ul", { class: "sentences" }, ...whySentences(bridge, reason).map((sentence) => make("li", {}, sentence))),
        make("details", {}, make("summary", {}, "As it is kept"), block(JSON.stringify(reason, null, 2), "Why"))];
}

/// What is known of the sending itself: each attempt, and how the provider answered.
function attempts(bridge, delivery) {
    const isMail = bridge.channelNamed(delivery.channelId)?.adapter === "email";
    const rows = (delivery.attempts || []).map((each) => make("tr", {}, ...[
        String(each.number), clock(each.startedAt), each.endedAt ? `${new Date(each.endedAt) - new Date(each.startedAt)} ms` : "",
        OUTCOMES[each.outcome ?? "none"] ?? each.outcome, each.httpStatus ? `${isMail ? "SMTP" : "HTTP"} ${each.httpStatus}` : "none", each.detail || "",
    ].map((cell) => make("td", {}, cell))));
    const head = make("tr", {}, ...["Attempt", "At", "Took", "Outcome", "Answer", "Detail"].map((name) => make("th", { scope: "col" }, name)));
    const parts = (delivery.parts || []).map((part) => make("li", {}, `Part ${part.part}: ${part.status}${part.externalId ? `, known there as ${part.externalId}` : ""}${part.code ? `, ${part.code}` : ""}`));
    const notes = [...(delivery.degradations || []), delivery.reason, delivery.reasonDetail, delivery.possibleDuplicate ? "may have been delivered twice" : null].filter(Boolean);
    return [rows.length ? make("table", {}, head, ...rows) : make("p", {}, "No attempt yet."), parts.length ? make("ul", {}, ...parts) : null,
        notes.length ? make("p", {}, notes.join(" · ")) : null,
        delivery.nextAttemptAt ? make("p", {}, "The next attempt is due at ", clock(delivery.nextAttemptAt), ".") : null,
        rows.length ? make("p", { class: "sub" }, "The bytes that were sent are not kept: only when each attempt was made, and what came of it.") : null].filter(Boolean);
}

/// What the sandbox's providers took of a delivery: they are part of `parley dev`, so they can show it.
function taken(bridge, delivery) {
    const names = (delivery.parts || []).map((part) => part.externalId || "");
    return bridge.received.filter(({ id }) => names.some((name) => name === id || name.endsWith(`:${id}`)));
}

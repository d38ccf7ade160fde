// The customers' side: a phone, a mailbox, a Slack channel and a shop page with the chat widget.
import { linked, make } from "/webchat/assets/dom.js";
import { Bridge } from "./bridge.js";
import { clock, form, heading, refill } from "./parts.js";

/// What was written here (as the bridge took it) and what arrived here (as the provider took it), in order.
function thread(bridge, channel, isMine, isForMe) {
    const sent = bridge.messages.filter((message) => message.direction === "inbound" && message.channelId === channel?.id && isMine(message))
        .map((message) => ({ id: message.id, own: true, text: Bridge.text(message), at: message.createdAt, message }));
    const arrived = bridge.received.filter((each) => each.adapter === channel?.adapter && isForMe(each))
        .map((each) => ({ id: each.id, own: false, text: each.text, at: each.at, received: each }));
    return [...sent, ...arrived].sort((a, b) => (a.at < b.at ? -1 : 1));
}

function bubble({ own, text, at, sub }) {
    return make("li", { class: own ? "bubble own" : "bubble" }, make("p", { class: "text", dir: "auto" }, ...linked(text || "")),
        make("p", { class: "sub" }, sub ? `${sub} · ` : "", clock(at)));
}

function addressOf(bridge, message) {
    return bridge.conversations.find((each) => each.id === message.conversationId)?.address?.value;
}

export function phone(bridge) {
    const pane = document.getElementById("phone");
    const channel = bridge.channel("twilio");
    const list = make("ol", { class: "thread", tabindex: "0", "aria-label": "Text messages" });
    const writing = form({
        from: { label: "My number", value: "+15005550123" },
        text: { label: "Message", rows: 1, once: true, wide: true, placeholder: "Is my parcel on its way?" },
    }, "Send", (values) => bridge.play("/sandbox/twilio/inbound", values));
    writing.field("from").addEventListener("change", draw);
    pane.append(heading("phone", "Phone", make("span", { class: "sub" }, `to ${channel?.address}`)), list, writing);
    function draw() {
        const number = writing.field("from").value.trim();
        const items = thread(bridge, channel, (message) => addressOf(bridge, message) === number, (each) => each.to === number);
        refill(list, items.map(({ id, text }) => [id, text]), items.map(bubble));
    }
    bridge.onChange(draw);
}

export function slack(bridge) {
    const pane = document.getElementById("slack");
    const channel = bridge.channel("slack");
    const list = make("ol", { class: "thread", tabindex: "0", "aria-label": "Messages of the Slack channel" });
    const writing = form({
        user: { label: "I am", value: "U0ANNA001" },
        channel: { label: "Channel", value: "C0GENERAL1" },
        thread_ts: { label: "In the thread", optional: true, placeholder: "a new one", size: 19 },
        text: { label: "Message", rows: 1, once: true, wide: true, placeholder: "Where is the invoice?" },
    }, "Post", (values) => bridge.play("/sandbox/slack/inbound", values));
    writing.field("channel").addEventListener("change", draw);
    pane.append(heading("slack", "Slack", make("span", { class: "sub" }, "a sandbox team")), list, writing);
    function draw() {
        const place = writing.field("channel").value.trim();
        // In a channel whoever writes has a conversation for each thread; we show those of the place by where they are answered.
        const items = thread(bridge, channel, (message) => placeOf(message) === place, (each) => each.to === place);
        refill(list, items.map(({ id, text }) => [id, text]), items.map((item) => {
            const ts = item.received?.thread || tsOf(item.message);
            const made = bubble({ ...item, sub: item.own ? addressOf(bridge, item.message) : item.received.thread ? "Parley, in a thread" : "Parley" });
            if (ts) {
                made.lastChild.append(" ", make("button", {
                    type: "button", class: "plain", "data-key": `${item.id} thread`,
                    onclick: () => { writing.field("thread_ts").value = ts; writing.field("text").focus(); },
                }, "Reply in thread"));
            }
            return made;
        }));
    }
    // The thread of a Slack conversation is `channel/ts`; a direct message has none, and its channel begins with D.
    function placeOf(message) {
        const conversation = bridge.conversations.find((each) => each.id === message.conversationId);
        const found = /\b[CDG][0-9A-Z]{8,}\b/.exec(`${conversation?.replyTo || ""} ${conversation?.thread || ""} ${message.externalId || ""}`);
        return found ? found[0] : writing.field("channel").value.trim();
    }
    function tsOf(message) { return /\d+\.\d{6}/.exec(`${bridge.conversations.find((each) => each.id === message?.conversationId)?.thread || ""}`)?.[0]; }
    bridge.onChange(draw);
}

export function mailbox(bridge) {
    const pane = document.getElementById("mail");
    const channel = bridge.channel("email");
    const list = make("ol", { class: "thread mails", tabindex: "0", "aria-label": "Mails" });
    let answering = null;
    const answered = make("p", { class: "sub", role: "status" });
    const writing = form({
        from: { label: "I am", value: "ann@example.org" },
        subject: { label: "Subject", value: "", optional: true, placeholder: "My order" },
        text: { label: "Mail", rows: 3, once: true, wide: true, placeholder: "The box arrived damaged. What now?" },
    }, "Send", async (values) => {
        await bridge.play("/sandbox/mail/inbound", { ...values, ...(answering ? { inReplyTo: answering } : {}) });
        answer(null);
    });
    function answer(mail) {
        answering = mail?.id ?? null;
        answered.textContent = mail ? `Answering “${mail.subject || "no subject"}”` : "";
        if (!mail) return;
        writing.field("from").value = mail.to;
        writing.field("subject").value = /^re:/i.test(mail.subject || "") ? mail.subject : `Re: ${mail.subject || ""}`;
        writing.field("text").focus();
    }
    writing.prepend(answered);
    writing.field("from").addEventListener("change", draw);
    pane.append(heading("mail", "Mailbox", make("span", { class: "sub" }, `to ${channel?.address ?? "no channel"}`)), list, writing);
    function draw() {
        const me = writing.field("from").value.trim().toLowerCase();
        const items = thread(bridge, channel, (message) => addressOf(bridge, message)?.toLowerCase() === me, (each) => each.to.toLowerCase() === me);
        refill(list, items.map(({ id, text }) => [id, text]), items.map((item) => {
            const mail = item.received;
            const made = bubble({ ...item, sub: item.own ? "sent" : mail.from });
            const subject = mail ? mail.subject : item.message.body.subject;
            made.prepend(make("p", { class: "subject", dir: "auto" }, subject || "(no subject)"));
            if (mail) {
                const head = make("dl", {}, ...Object.entries(mail.headers || {}).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
                made.append(make("details", {}, make("summary", {}, "Header"), head),
                    make("button", { type: "button", class: "plain", "data-key": `${item.id} answer`, onclick: () => answer(mail) }, "Answer"));
            }
            return made;
        }));
    }
    bridge.onChange(draw);
}

export function webchat(bridge) {
    const pane = document.getElementById("webchat");
    const channel = bridge.channel("webchat");
    if (!channel) {
        pane.append(heading("webchat", "Chat widget"), make("p", { class: "empty" }, "There is no webchat channel."));
        return;
    }
    const frame = make("iframe", { title: "A page with the chat widget", src: "/sandbox/visitor" });
    const button = make("button", { type: "button", class: "plain", "aria-pressed": "false", onclick: async () => {
        const signIn = button.getAttribute("aria-pressed") === "false";
        const identity = signIn ? await bridge.post("/sandbox/webchat/identity", { userId: "ann@example.org" }) : null;
        frame.contentWindow.ParleyChat.identify(identity && { ...identity, name: "Ann" });
        button.setAttribute("aria-pressed", String(signIn));
        button.textContent = signIn ? "Sign out ann@example.org" : "Sign in as ann@example.org";
    } }, "Sign in as ann@example.org");
    pane.append(heading("webchat", "Chat widget", button), frame);
}

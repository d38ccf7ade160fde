// The middle: the conversations and contacts that the customers' messages become, and the team's answers.
import { linked, make } from "/webchat/assets/dom.js";
import { Bridge } from "./bridge.js";
import { showJourney } from "./journey.js";
import { contactName, conversationName, shownAddress } from "./names.js";
import { ADAPTERS, clock, form, heading, refill } from "./parts.js";

export function team(bridge) {
    const pane = document.getElementById("bridge");
    let chosen = null;   // {conversation} or {contact}
    let follows = true;  // shows whatever conversation moved last, until somebody chooses one
    const tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "What to show" });
    const lists = {
        conversations: make("ul", { class: "list", role: "tabpanel", id: "list-conversations", "aria-labelledby": "tab-conversations" }),
        contacts: make("div", { class: "list", role: "tabpanel", id: "list-contacts", "aria-labelledby": "tab-contacts" }),
    };
    for (const name of Object.keys(lists)) {
        tabs.append(make("button", {
            type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `list-${name}`, onclick: () => show(name),
            onkeydown: (event) => { if (event.key === "ArrowLeft" || event.key === "ArrowRight") show(name === "contacts" ? "conversations" : "contacts", true); },
        }, name === "contacts" ? "Contacts" : "Conversations"));
    }
    const title = make("h3", {});
    const thread = make("ol", { class: "thread", tabindex: "0", "aria-label": "Messages" });
    const answer = form({ text: { label: "Answer", rows: 2, once: true, wide: true, placeholder: "It arrives tomorrow." } }, "Answer", async ({ text }) => {
        await bridge.post(`/v1/conversations/${chosen.conversation}/messages`, { body: { type: "text", text: { text } } });
        await bridge.refresh();
    });
    const status = make("p", { class: "sub", role: "status" });
    const people = contacts(bridge, lists.contacts, status, (id) => choose({ contact: id }));
    pane.append(heading("bridge", "Parley", tabs), status,
        make("div", { class: "middle" }, make("div", { class: "side" }, ...Object.values(lists)), make("div", { class: "open" }, title, thread, answer)));

    function show(name, focus) {
        for (const tab of tabs.children) {
            const is = tab.id === `tab-${name}`;
            tab.setAttribute("aria-selected", String(is));
            tab.tabIndex = is ? 0 : -1;
            if (is && focus) tab.focus();
        }
        for (const [each, list] of Object.entries(lists)) list.hidden = each !== name;
    }

    function choose(what) {
        chosen = what;
        follows = false;
        redraw();
    }
    function redraw() {
        thread.replaceChildren();
        delete thread.dataset.signature;
        draw();
    }

    let drawn = 0;
    async function draw() {
        const latest = newest(bridge.conversations)?.id;
        if (follows && latest && latest !== chosen?.conversation && answer.field("text").value === "") {
            chosen = { conversation: latest };
            return redraw();
        }
        drawList();
        people();
        answer.hidden = !chosen?.conversation;
        if (!chosen) {
            title.textContent = "Nothing yet: write something as a customer";
            return;
        }
        const round = ++drawn;
        const path = chosen.conversation ? `/v1/conversations/${chosen.conversation}/messages?limit=100` : `/v1/contacts/${chosen.contact}/timeline?limit=100`;
        let messages = (await bridge.get(path).catch(() => ({ data: [] }))).data;
        if (round !== drawn) return;
        if (chosen.contact) messages = messages.reverse();
        const conversation = bridge.conversations.find((each) => each.id === chosen.conversation);
        title.textContent = conversation ? `${nameOf(conversation)} by ${kindOf(conversation.channelId)}` : `${contactName(bridge.contact(chosen.contact))}: one history`;
        refill(thread, messages.map((each) => [each.id, each.status, Bridge.text(each), each.body.subject]), messages.map(item));
    }

    function drawList() {
        const rows = [...bridge.conversations].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
        const last = (id) => bridge.messages.findLast((message) => message.conversationId === id);
        const signature = [chosen, rows.map((each) => [each.id, each.updatedAt, each.status, each.contactId, last(each.id)?.id])];
        refill(lists.conversations, signature, rows.map((each) => make("li", {}, make("button", {
            type: "button", "data-key": each.id, "aria-current": chosen?.conversation === each.id ? "true" : null, onclick: () => choose({ conversation: each.id }),
        }, make("span", { class: "tag" }, kindOf(each.channelId)), make("strong", {}, nameOf(each)),
        ...(each.flags || []).map((flag) => make("span", { class: "flag" }, flag.replaceAll("_", " "))),
        each.status === "active" ? null : make("span", { class: "flag" }, each.status),
        make("span", { class: "last", dir: "auto" }, last(each.id) ? Bridge.text(last(each.id)) : "")))));
    }

    function item(message) {
        const own = message.direction === "outbound";
        const more = make("button", { type: "button", class: "plain", "data-key": message.id, onclick: (event) => showJourney(bridge, message.id, event.currentTarget) }, "Journey");
        return make("li", { class: own ? "bubble own" : "bubble" },
            message.body.subject ? make("p", { class: "subject", dir: "auto" }, message.body.subject) : null,
            make("p", { class: "text", dir: "auto" }, ...linked(Bridge.text(message))),
            ...(message.body.buttons || []).map((button) => make("span", { class: "tag" }, button.title)),
            make("p", { class: "sub" }, chosen.contact ? `${kindOf(message.channelId)} · ` : "", own ? make("b", { class: `status ${message.status}` }, message.status) : "",
                own ? " · " : "", clock(message.createdAt), " ", more));
    }

    const kindOf = (channel) => ADAPTERS[bridge.channelNamed(channel)?.adapter] || "?";
    const nameOf = (conversation) => conversationName(bridge, conversation);
    show("conversations");
    bridge.onChange(draw);
    bridge.onPlay(() => { follows = true; });
}

const newest = (conversations) => [...conversations].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))[0];

/// The list of contacts: choose two to make them one, take a merge back. Returns what draws it.
function contacts(bridge, list, status, open) {
    const picked = [];
    const merge = make("button", { type: "button", class: "primary", disabled: true, onclick: () => act(async () => {
        const [into, from] = picked.splice(0);
        await bridge.post(`/v1/contacts/${into}/merge`, { fromContactId: from, reason: "by hand on the Try it page" });
        open(into);
        return "The two are one contact now.";
    }) }, "Merge the two");
    const rows = make("ul", {});
    const undo = make("ul", { class: "merges" });
    list.append(make("p", { class: "sub" }, "Tick two that are one person."), rows, merge, undo);

    async function act(work) {
        try { status.textContent = await work(); } catch (error) { status.textContent = error.message; }
        await bridge.refresh();
    }
    return () => {
        const known = bridge.contacts.filter((contact) => contact.identities.length > 0);
        for (const id of [...picked]) if (!known.some((contact) => contact.id === id)) picked.splice(picked.indexOf(id), 1);
        refill(rows, known, known.map((contact) => {
            const tick = make("input", { type: "checkbox", "data-key": `tick ${contact.id}`, "aria-label": `Choose ${contactName(contact)}`, onchange: () => {
                if (tick.checked) picked.push(contact.id); else picked.splice(picked.indexOf(contact.id), 1);
                if (picked.length > 2) {
                    const first = picked.shift();
                    rows.querySelector(`[data-key="tick ${first}"]`).checked = false;
                }
                merge.disabled = picked.length !== 2;
            } });
            tick.checked = picked.includes(contact.id);
            return make("li", { class: "contact" }, tick, make("button", { type: "button", "data-key": contact.id, onclick: () => open(contact.id) },
                make("strong", {}, contactName(contact)),
                ...contact.identities.map((identity) => make("span", { class: "identity" }, `${identity.space}: ${shownAddress(identity.address)}`))));
        }));
        merge.disabled = picked.length !== 2;
        refill(undo, bridge.merges, bridge.merges.map((each) => make("li", {}, `${contactName(bridge.contact(each.intoContactId))} was merged ${each.reason ? `(${each.reason}) ` : ""}`,
            make("button", { type: "button", class: "plain", "data-key": `undo ${each.id}`, onclick: () => act(async () => {
                await bridge.post(`/v1/contact-merges/${each.id}/undo`);
                return "The merge was taken back.";
            }) }, "Take back"))));
    };
}

// The launcher and the panel, in a shadow root of their own: the page's styles stay out, ours stay in.
import { icon, make } from "./dom.js";
import { messageItem, setState } from "./message.js";
import { styleSheets } from "./style.js";

const STATES = {
    connecting: "Connecting …", online: "", offline: "No connection. What you write is sent when it is back.",
    refused: "The chat is not available here.", closed: "The chat is not available here.",
};

/// Of the field to write in; what is longer scrolls.
const MOST_ROWS = 6;

export class View {
    isOpen = false;
    #config;
    #act;
    #items = new Map();      // by message id, or by client id while it is on its way
    #limits = { textLength: 10_000, files: 10, fileBytes: 16_777_216 };
    #typingTimer;
    #earlierCursor = null;

    constructor(config, act) {
        this.#config = config;
        this.#act = act;
        const host = make("div", { "data-parley-chat": "" });
        this.#root = host.attachShadow({ mode: "open" });
        this.#root.adoptedStyleSheets = styleSheets(config.color);
        this.#build();
        const place = () => document.body.append(host);
        window.addEventListener("resize", () => this.#grow());  // other widths break lines elsewhere
        if (document.body) place(); else document.addEventListener("DOMContentLoaded", place, { once: true });
    }
    #root;

    #build() {
        const act = this.#act;
        this.badge = make("span", { class: "badge", hidden: true });
        this.launcher = make("button", {
            type: "button", class: "launcher", "aria-expanded": "false", "aria-haspopup": "dialog", onclick: () => this.open({ focus: true }),
        }, icon("M4 5h16v11H9l-5 4z"), make("span", { class: "hidden" }, `Open: ${this.#config.title}`), this.badge);

        this.log = make("div", { class: "log", role: "log", "aria-label": "Messages", tabindex: "0", onscroll: () => this.#scrolled() });
        this.earlier = make("button", { type: "button", class: "plain earlier", hidden: true, onclick: () => this.#loadEarlier() }, "Earlier messages");
        this.typingLine = make("p", { class: "typing", role: "status" });
        this.stateLine = make("p", { class: "state-line", role: "status" });
        this.noticeLine = make("p", { class: "notice", role: "status" });

        this.input = make("textarea", {
            rows: "1", "aria-label": "Your message", placeholder: "Write a message …", maxlength: this.#limits.textLength, dir: "auto",
            oninput: () => { this.#grow(); if (this.input.value.trim()) act.typing(); },
            onkeydown: (event) => {
                if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.#send(); }
            },
        });
        this.files = make("input", { type: "file", multiple: true, class: "hidden", tabindex: "-1", "aria-hidden": "true", onchange: () => this.#pick() });
        this.attach = make("button", { type: "button", class: "tool", "aria-label": "Attach files", title: "Attach files", hidden: true, onclick: () => this.files.click() },
            icon("M21 11l-8.5 8.5a5 5 0 0 1-7-7L14 4a3.3 3.3 0 0 1 4.7 4.7L10 17.3a1.6 1.6 0 0 1-2.3-2.3l8-8"));
        const send = make("button", { type: "submit", class: "tool send", "aria-label": "Send", title: "Send" }, icon("M4 12l16-8-6 16-3-7z"));
        const form = make("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.#send(); } },
            this.attach, this.files, this.input, send);

        const title = make("h2", { id: "title" }, this.#config.title);
        const close = make("button", { type: "button", class: "tool", "aria-label": "Close chat", title: "Close", onclick: () => this.close() }, icon("M6 6l12 12M18 6L6 18"));
        this.panel = make("div", {
            class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true,
            onkeydown: (event) => { if (event.key === "Escape") { event.stopPropagation(); this.close(); } },
        }, make("header", {}, title, close), this.stateLine, this.earlier, this.log, this.typingLine, this.noticeLine, form);
        this.#root.append(this.launcher, this.panel);
    }

    open({ focus }) {
        if (!this.isOpen) {
            this.isOpen = true;
            this.panel.hidden = false;
            this.launcher.hidden = true;
            this.launcher.setAttribute("aria-expanded", "true");
            this.#toEnd();
            this.#act.opened();
        }
        if (focus) this.input.focus();
    }

    close() {
        if (!this.isOpen) return;
        const hadFocus = this.panel.contains(this.#root.activeElement);
        this.isOpen = false;
        this.panel.hidden = true;
        this.launcher.hidden = false;
        this.launcher.setAttribute("aria-expanded", "false");
        if (hadFocus) this.launcher.focus();
        this.#act.closed();
    }

    // What the chat tells

    state(name) {
        this.stateLine.textContent = STATES[name];
        this.stateLine.dataset.state = name;
        if (name === "closed") for (const control of this.panel.querySelectorAll("form button, textarea")) control.disabled = true;
    }
    notice(text) { this.noticeLine.textContent = text; }
    allow(features, limits) {
        this.attach.hidden = !features?.files;
        Object.assign(this.#limits, limits);
        this.input.maxLength = this.#limits.textLength;
    }
    unread(count) {
        this.badge.hidden = count === 0;
        this.badge.textContent = count > 9 ? "9+" : String(count);
        this.launcher.querySelector(".hidden").textContent = `Open: ${this.#config.title}${count > 0 ? `, ${count} unread` : ""}`;
    }
    /// While old messages come in, a screen reader need not read them all out.
    loading(is) { this.log.setAttribute("aria-busy", String(is)); }
    hasEarlier(cursor) {
        this.#earlierCursor = cursor;
        this.earlier.hidden = !cursor;
    }
    clear() {
        this.#items.clear();
        this.log.replaceChildren();
        this.hasEarlier(null);
        this.unread(0);
    }
    get agentMessages() { return [...this.#items.values()].filter(({ message }) => message.from === "agent").map(({ message }) => message.id); }

    typing(name) {
        clearTimeout(this.#typingTimer);
        this.typingLine.textContent = `${name || "Somebody"} is writing …`;
        this.#typingTimer = setTimeout(() => { this.typingLine.textContent = ""; }, 6_000);
    }

    ended(conversation) {
        const key = `ended ${conversation}`;
        this.log.querySelector(`[data-key="${CSS.escape(key)}"]`)?.remove();
        this.log.append(make("div", { class: "event", "data-key": key }, "This conversation was ended. Write to begin a new one."));
        this.#toEnd();
    }

    showWaiting({ clientId, at, text, media, failed }) {
        if (this.#items.has(clientId)) return;
        const message = { clientId, from: "visitor", body: { text: { text: text || "" }, media }, createdAt: new Date(at).toISOString() };
        this.#place(clientId, message, failed ? "failed" : "waiting", null, failed);
    }

    mark(clientId, state, detail) {
        const found = this.#items.get(clientId);
        if (!found) return;
        setState(found.item, state, { detail, remove: () => this.#remove(clientId) });
    }

    /// A message of the bridge: new, or one that was shown before, or an own one that was on its way.
    show(message) {
        const old = this.#items.get(message.id) ?? (message.clientId ? this.#items.get(message.clientId) : null);
        if (message.clientId) this.#items.delete(message.clientId);
        if (old && old.message.id === message.id) return;
        if (message.from === "agent") { clearTimeout(this.#typingTimer); this.typingLine.textContent = ""; }
        this.#place(message.id, message, "delivered", old?.item);
    }

    #place(key, message, state, replaced, detail) {
        const remove = () => this.#remove(key);
        const item = messageItem(message, state, { origin: this.#config.origin, tap: (button) => {
            this.#act.tap(message, button);
            this.input.focus();  // the tapped button is disabled now
        }, remove });
        if (detail) setState(item, state, { detail, remove });
        const wasAtEnd = this.#isAtEnd();
        // In the order of the bridge; what is on its way stands last.
        const before = message.id && [...this.#items.values()].filter((each) => each.message.id && compare(each.message, message) > 0)
            .sort((a, b) => compare(a.message, b.message))[0]?.item;
        const waiting = message.id ? [...this.#items.values()].find((each) => !each.message.id && each.item !== replaced)?.item : null;
        replaced?.remove();
        this.log.insertBefore(item, before ?? waiting ?? null);
        this.#items.set(key, { message, item });
        item.querySelectorAll("img").forEach((image) => image.addEventListener("load", () => { if (wasAtEnd) this.#toEnd(); }, { once: true }));
        if (wasAtEnd || (message.from === "visitor" && !message.id)) this.#toEnd();
    }

    #remove(key) {
        this.#items.delete(key);
        this.#act.remove(key);
        this.input.focus();
    }

    #send() {
        const text = this.input.value.trim();
        if (!text) return;
        this.#act.send(text);
        this.input.value = "";
        this.#grow();
    }

    #pick() {
        const chosen = [...this.files.files];
        this.files.value = "";
        const fitting = chosen.filter((file) => file.size <= this.#limits.fileBytes).slice(0, this.#limits.files);
        if (fitting.length > 0) this.#act.upload(fitting);
        if (fitting.length < chosen.length) this.notice("Some files are too many or too large and were left out.");
        this.input.focus();
    }

    #loadEarlier() {
        const height = this.log.scrollHeight;
        this.earlier.hidden = true;
        this.#act.earlier(this.#earlierCursor).then(() => { this.log.scrollTop += this.log.scrollHeight - height; });
    }

    /// As many rows as what is written needs. By `rows`, for an inline style is what the page's policy may forbid.
    #grow() {
        const wasAtEnd = this.#isAtEnd();
        this.input.rows = 1;
        while (this.input.rows < MOST_ROWS && this.input.scrollHeight > this.input.clientHeight) this.input.rows += 1;
        if (wasAtEnd) this.#toEnd();
    }
    #isAtEnd() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60; }
    #toEnd() { this.log.scrollTop = this.log.scrollHeight; }
    #scrolled() { if (this.#isAtEnd()) this.#act.seen(); }
}

/// Ids sort by time too: they are the order within one millisecond.
function compare(a, b) {
    return a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

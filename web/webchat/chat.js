// One visitor's chat: keeps the session, follows the stream, sends what waits, and tells the view what to show.
import { Api, Refusal } from "./api.js";
import { Keep } from "./keep.js";
import { Backoff, follow } from "./stream.js";
import { View } from "./view.js";

export class Chat {
    #cursor = null;       // null: the history must be loaded before the stream
    #visitor = null;
    #user = null;
    #running = false;
    #stopped = false;
    #round = new AbortController();  // ends the present stream or pause, so that the next round begins
    #sleepers = new Set();  // what ends each pause that is being made now
    #sending = false;
    #typedAt = 0;
    #wasRefused = false;
    #seen = new Map();    // agent messages: id to "delivered" or "read", as acknowledged

    constructor(config) {
        this.config = config;
        this.identity = config.identity && { ...config.identity, name: shortened(config.identity.name) };
        this.api = new Api(config.base);
        this.keep = new Keep(config.channel);
        this.view = new View(config, {
            opened: () => this.#opened(), closed: () => { this.keep.isOpen = false; }, send: (text) => this.#say({ text }),
            tap: (message, button) => this.#say({ text: button.title, button: { messageId: message.id, value: button.value ?? button.title } }),
            upload: (files) => this.#upload(files), typing: () => this.#typing(), remove: (clientId) => this.#forget(clientId),
            earlier: (before) => this.#earlier(before), seen: () => this.#acknowledge(),
        });
        window.addEventListener("online", () => this.#wake());
        document.addEventListener("visibilitychange", () => { if (!document.hidden) { this.#wake(); this.#acknowledge(); } });
    }

    /// A visitor who never opens the chat is none: the bridge hears of the page only when there is something to go on with.
    start() {
        if (this.keep.isOpen) this.view.open({ focus: false });
        if (this.keep.session || this.identity) this.#run();
        return this;
    }

    open({ focus = true } = {}) { this.view.open({ focus }); }
    close() { this.view.close(); }

    /// The page learns who its visitor is, or (null) that they left: what one person saw is not shown to the next.
    identify(identity) {
        this.identity = identity?.userId ? { userId: String(identity.userId), hash: String(identity.hash || ""), name: shortened(identity.name) } : null;
        if (this.keep.session?.user && this.keep.session.user !== this.identity?.userId) this.keep.session = null;
        if (this.#user !== (this.identity?.userId ?? null)) {
            this.#visitor = null;
            this.#user = null;  // what is written before the new session opens is not the old person's
            this.#cursor = null;
            this.view.clear();
        }
        this.api.token = null;
        this.#stopped = false;
        this.#round.abort();
        this.#run();
    }

    #opened() {
        this.keep.isOpen = true;
        this.#run();
        this.#acknowledge();
    }

    // The session and the stream: one round after the other

    async #run() {
        if (this.#running) return;
        this.#running = true;
        const backoff = new Backoff();
        while (!this.#stopped) {
            let pause = null;
            this.#round = new AbortController();
            try {
                if (!this.api.token) await this.#openSession();
                if (this.#cursor === null) await this.#loadHistory();
                this.#flush();
                await follow(this.api, this.#cursor, (event) => {
                    if (event.event === "bye") pause = event.data.retryMs * (0.5 + Math.random());
                    else this.#received(event);
                    if (event.event === "ready") { backoff.reset(); this.view.state("online"); this.#wake(); this.#flush(); }
                }, this.#round.signal);
                pause ??= backoff.next();
            } catch (error) {
                pause = this.#decide(error) ?? backoff.next();
                if (error.code === "network" && !this.api.token && await this.api.isThere()) this.#refused();
            }
            if (!this.#stopped && !this.#round.signal.aborted) await this.#pause(pause, backoff);
        }
        this.#running = false;
    }

    /// How long to wait after a failure; null for the usual time.
    #decide(error) {
        if (this.#round.signal.aborted) return 0;
        if (error instanceof Refusal) {
            if (error.endsSession) {
                this.api.token = null;
                return null;
            }
            if (error.isFinal) {
                this.#stopped = true;
                this.view.state("closed");
                console.error(`Parley: the chat is not available here (${error.code})`);
                return null;
            }
        }
        this.view.state("offline");
        return error.retryAfter ? error.retryAfter * (1 + Math.random() / 4) : null;
    }

    /// A browser does not tell a page why another origin did not answer it.
    #refused() {
        this.view.state("refused");
        if (!this.#wasRefused) console.error(`Parley: is ${location.origin} among the channel's allowed_origins?`);
        this.#wasRefused = true;
    }

    /// Waits before the next try, or until there is a sign that it may succeed now: then the pauses begin small again.
    #pause(milliseconds, backoff) {
        return new Promise((resume) => {
            const end = () => { clearTimeout(timer); this.#sleepers.delete(wake); resume(); };
            const wake = () => { backoff.reset(); end(); };
            const timer = setTimeout(end, milliseconds);
            this.#sleepers.add(wake);
            this.#round.signal.addEventListener("abort", end, { once: true });
        });
    }

    #wake() { for (const wake of [...this.#sleepers]) wake(); }

    async #openSession() {
        this.view.state("connecting");
        const identity = this.identity;
        const kept = this.keep.session;
        const ask = {};
        // A signed-in token is its user's alone; an anonymous one brings its history along.
        if (kept && (kept.user === null || kept.user === identity?.userId)) ask.token = kept.token;
        if (identity) ask.identity = identity;
        else if (this.config.name) ask.name = shortened(this.config.name);
        let answer;
        try {
            answer = await this.api.post("/session", ask);
        } catch (error) {
            if (identity && (error.code === "bad_identity" || error.status === 422)) {
                console.warn("Parley: the proof of identity (data-user-hash) is not valid; the visitor stays anonymous");
                if (this.identity === identity) this.identity = null;
                if (kept?.user) this.keep.session = null;
                return this.#openSession();
            }
            if (error.endsSession && ask.token) {
                this.keep.session = null;
                return this.#openSession();
            }
            throw error;
        }
        if (this.identity !== identity) return this.#openSession();  // identify() was called meanwhile
        this.api.token = answer.token;
        this.#user = answer.visitor.signedIn && identity ? identity.userId : null;
        this.keep.session = { token: answer.token, user: this.#user };
        if (this.#visitor !== answer.visitor.id) {
            this.#visitor = answer.visitor.id;
            this.#cursor = null;
            this.#seen.clear();
            this.view.clear();
        }
        this.view.allow(answer.features, answer.limits);
    }

    /// - Throws: a Refusal, also when the visitor was another by the time of the answer: nobody is shown what the one before them saw.
    async #loadHistory() {
        const visitor = this.#visitor;
        const page = await this.api.get("/messages?limit=50");
        if (this.#visitor !== visitor) throw new Refusal(0, "superseded", null, null);
        this.view.loading(true);
        for (const message of page.data.reverse()) this.#show(message);
        for (const item of this.keep.waiting(this.#user)) this.view.showWaiting(item);
        this.view.hasEarlier(page.nextCursor);
        this.view.loading(false);
        this.#cursor ??= page.cursor;
        this.#acknowledge();
    }

    async #earlier(before) {
        const visitor = this.#visitor;
        try {
            const page = await this.api.get(`/messages?limit=50&before=${encodeURIComponent(before)}`);
            if (this.#visitor !== visitor) return;
            this.view.loading(true);
            for (const message of page.data) this.#show(message);
            this.view.hasEarlier(page.nextCursor);
            this.view.loading(false);
        } catch { if (this.#visitor === visitor) this.view.hasEarlier(before); }
    }

    #received({ id, event, data }) {
        if (id !== null) this.#cursor = id;
        switch (event) {
        case "message":
            this.#show(data);
            this.#acknowledge();
            break;
        case "typing": if (data.from === "agent") this.view.typing(data.name); break;
        case "receipt": this.#seen.set(data.messageId, data.status === "read" ? "read" : this.#seen.get(data.messageId) ?? "delivered"); break;
        case "conversation": if (data.status === "ended") this.view.ended(data.conversationId); break;
        case "reset": this.#loadHistory().catch(() => this.#round.abort()); break;
        }
    }

    #show(message) {
        if (message.clientId) this.keep.remove(message.clientId);
        this.view.show(message);
    }

    /// Tells the bridge which answers have reached this browser, and which were looked at.
    async #acknowledge() {
        if (!this.api.token) return;
        const status = this.view.isOpen && !document.hidden ? "read" : "delivered";
        const ids = this.view.agentMessages.filter((id) => this.#seen.get(id) !== "read" && this.#seen.get(id) !== status).slice(-100);
        if (status === "read") this.view.unread(0);
        else this.view.unread(this.view.agentMessages.filter((id) => this.#seen.get(id) !== "read").length);
        if (ids.length === 0) return;
        for (const id of ids) this.#seen.set(id, status);
        try { await this.api.post("/receipts", { messageIds: ids, status }); } catch { for (const id of ids) this.#seen.delete(id); }
    }

    // Sending: kept first, then sent one at a time; the client id makes sending again safe

    #say(content) {
        const item = { clientId: clientId(), user: this.#user, at: Date.now(), ...content };
        this.keep.put(item);
        this.view.showWaiting(item);
        this.#run();
        this.#flush();
    }

    #forget(clientId) { this.keep.remove(clientId); }

    async #flush() {
        if (this.#sending || !this.api.token) return;
        this.#sending = true;
        const backoff = new Backoff();
        for (;;) {
            const item = this.keep.waiting(this.#user).find((item) => !item.failed);
            if (!item || !this.api.token) break;
            const { clientId, text, media, button } = item;
            try {
                await this.api.post("/messages", {
                    clientId, text, media: media?.map(({ upload }) => ({ upload })), button, sentAt: new Date(item.at).toISOString(),
                });
                this.keep.remove(clientId);
                this.view.mark(clientId, "sent");
                backoff.reset();
            } catch (error) {
                if (error.endsSession || error.isFinal) {
                    this.api.token = null;
                    this.#round.abort();
                    break;
                }
                if (error instanceof Refusal && !error.isPassing) {
                    this.keep.put({ ...item, failed: error.message });
                    this.view.mark(clientId, "failed", error.message);
                    continue;
                }
                await this.#pause(error.retryAfter ?? backoff.next(), backoff);
            }
        }
        this.#sending = false;
    }

    /// Files go up at once and are sent as one message; a browser cannot keep them for later.
    async #upload(files) {
        this.#run();
        const media = [];
        for (const file of files) {
            try {
                this.view.notice(`Uploading ${file.name} …`);
                const kept = await this.api.upload(file);
                media.push({ upload: kept.upload, url: kept.url, contentType: kept.contentType, filename: kept.filename, size: kept.size });
                this.view.notice("");
            } catch (error) {
                const why = { body_too_large: "it is too large", empty_file: "it is empty", network: "there is no connection" }[error.code];
                this.view.notice(`${file.name} was not sent: ${why || error.message}.`);
            }
        }
        if (media.length > 0) this.#say({ media });
    }

    #typing() {
        if (!this.api.token || Date.now() - this.#typedAt < 3_000) return;
        this.#typedAt = Date.now();
        this.api.post("/typing", {}).catch(() => {});
    }
}

/// A name as the bridge takes it: one line of at most 100 characters.
function shortened(name) {
    return name ? String(name).replace(/\p{Cc}+/gu, " ").slice(0, 100) : undefined;
}

/// crypto.randomUUID is there only on secure origins; a page on plain HTTP may chat too.
function clientId() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

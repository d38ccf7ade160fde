// The bridge as this page knows it: the API with the key that `parley dev` hands out here, and one picture of everything, kept fresh.

export class Bridge {
    channels = [];
    conversations = [];
    contacts = [];
    messages = [];   // the latest of all conversations, oldest first
    received = [];   // what the sandbox's providers took, oldest first
    merges = [];     // contacts made one, newest first, which can be taken back
    #key;
    #listeners = [];
    #players = [];
    #due = null;
    #again = false;

    /// Calls `listener` after each change of the picture.
    onChange(listener) { this.#listeners.push(listener); }
    /// Calls `listener` before somebody writes as a customer on this page.
    onPlay(listener) { this.#players.push(listener); }
    channel(adapter) { return this.channels.find((channel) => channel.adapter === adapter); }
    channelNamed(id) { return this.channels.find((channel) => channel.id === id); }
    contact(id) { return this.contacts.find((contact) => contact.id === id); }

    async start(onLink) {
        const about = await this.#json("GET", "/sandbox/try.json");
        this.#key = about.apiKey;
        this.channels = about.channels;
        await this.refresh();
        // The events only say that something changed: the picture is fetched anew, many events at once.
        const listen = () => {
            const events = new EventSource("/sandbox/events");
            const changed = () => this.#soon();
            events.addEventListener("open", () => { onLink(true); changed(); });
            events.addEventListener("change", changed);
            events.addEventListener("error", () => {
                onLink(false);
                if (events.readyState !== EventSource.CLOSED) return;
                setTimeout(() => { changed(); listen(); }, 3_000);
            });
        };
        listen();
        setInterval(() => { if (!document.hidden) this.#soon(); }, 5_000);  // the providers' own news make no event
    }

    #soon() {
        if (this.#due) { this.#again = true; return; }
        this.#due = setTimeout(async () => {
            try { await this.refresh(); } catch { /* the next event or the slow look tries again */ }
            this.#due = null;
            if (this.#again) { this.#again = false; this.#soon(); }
        }, 100);
    }

    async refresh() {
        const lists = ["/v1/conversations?limit=50", "/v1/contacts?limit=50", "/v1/messages?limit=100", "/sandbox/messages", "/sandbox/merges"];
        const [conversations, contacts, messages, received, merges] = await Promise.all(lists.map(async (path) => (await this.get(path)).data));
        Object.assign(this, { conversations, contacts, messages: messages.reverse(), received, merges });
        for (const listener of this.#listeners) listener();
    }

    get(path) { return this.#json("GET", path); }
    post(path, value = {}) { return this.#json("POST", path, value); }
    play(path, value) {
        for (const listener of this.#players) listener();
        return this.post(path, value);
    }

    async #json(method, path, value) {
        const headers = { Accept: "application/json" };
        if (this.#key && path.startsWith("/v1/")) headers.Authorization = `Bearer ${this.#key}`;
        if (value !== undefined) headers["Content-Type"] = "application/json";
        if (method === "POST") headers["Idempotency-Key"] = crypto.randomUUID();
        const response = await fetch(path, { method, headers, body: value === undefined ? undefined : JSON.stringify(value) });
        const answer = response.status === 204 ? null : await response.json().catch(() => null);
        if (!response.ok) throw new Error(answer?.errors?.[0]?.detail || answer?.detail || `${method} ${path}: ${response.status}`);
        return answer;
    }

    /// What a message says, in one text.
    static text(message) {
        const body = message.body || {};
        const media = (body.media || []).map((each) => `[${each.filename || each.contentType || "file"}]`);
        return [body.text?.text, ...media].filter(Boolean).join(" ");
    }
}

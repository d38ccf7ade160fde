// What a browser keeps between page loads: the visitor's token, whether the panel is open, and messages not yet sent.
// Each waiting message has a key of its own, so that tabs which write at the same time lose nothing.

export class Keep {
    #memory = new Map();  // for browsers that keep nothing
    #prefix;
    constructor(channel) { this.#prefix = `parley.chat.${channel}.`; }

    /// `{token, user}`; user is null for an anonymous visitor.
    get session() { return this.#read("session"); }
    set session(value) { this.#write("session", value); }
    get isOpen() { return this.#read("open") === true; }
    set isOpen(value) { this.#write("open", value || null); }

    /// The waiting messages of one person, oldest first. What an anonymous visitor left goes along with whoever signs in.
    waiting(user) {
        return this.#names("out.").map((name) => this.#read(name))
            .filter((item) => item && (item.user === null || item.user === user))
            .sort((a, b) => a.at - b.at);
    }
    put(item) { this.#write(`out.${item.clientId}`, item); }
    remove(clientId) { this.#write(`out.${clientId}`, null); }

    #names(start) {
        const full = this.#prefix + start;
        let names = [...this.#memory.keys()];
        try { names = names.concat(Object.keys(localStorage)); } catch { /* not ours to use */ }
        return [...new Set(names)].filter((name) => name.startsWith(full)).map((name) => name.slice(this.#prefix.length));
    }
    #read(name) {
        const key = this.#prefix + name;
        if (this.#memory.has(key)) return this.#memory.get(key);
        try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
    }
    #write(name, value) {
        const key = this.#prefix + name;
        this.#memory.delete(key);
        try {
            if (value === null) localStorage.removeItem(key);
            else localStorage.setItem(key, JSON.stringify(value));
        } catch { if (value !== null) this.#memory.set(key, value); }
    }
}

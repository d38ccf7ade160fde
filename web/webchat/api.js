// Calls to the bridge, and what a refusal means for the caller.

/// A call that did not succeed. `code` is the bridge's, or "network" when there was no answer.
export class Refusal extends Error {
    constructor(status, code, detail, retryAfter) {
        super(detail || code);
        this.status = status;
        this.code = code;
        /// Milliseconds the bridge asked for; null when it did not say.
        this.retryAfter = retryAfter;
    }
    get endsSession() { return this.status === 401; }
    /// The channel or this page's origin is not served: trying again cannot help.
    get isFinal() { return this.code === "origin_not_allowed" || this.code === "not_found"; }
    get isPassing() { return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500; }
}

export class Api {
    token = null;
    constructor(base) { this.base = base; }

    /// The response, which is 2xx. The token goes in a header and never into a URL; no cookie is sent.
    async fetch(method, path, { headers = {}, body, signal } = {}) {
        if (this.token) headers = { ...headers, Authorization: `Bearer ${this.token}` };
        let response;
        try {
            response = await fetch(this.base + path, {
                method, headers, body, signal, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
            });
        } catch (error) {
            throw new Refusal(0, "network", String(error.message || error), null);
        }
        if (response.ok) return response;
        const problem = await response.json().catch(() => ({}));
        const seconds = Number(response.headers.get("retry-after"));
        throw new Refusal(response.status, problem.code || "", problem.detail, seconds > 0 ? seconds * 1000 : null);
    }

    /// Whether the bridge is there at all: its own files are for every page, so a call that fails beside this one was refused to this page.
    async isThere() {
        const file = new URL("/webchat/widget.js", this.base);
        try { return (await fetch(file, { method: "HEAD", credentials: "omit", cache: "no-store" })).ok; } catch { return false; }
    }

    async get(path) { return (await this.fetch("GET", path, { signal: AbortSignal.timeout(30_000) })).json(); }

    async post(path, value) {
        const headers = { "Content-Type": "application/json" };
        const response = await this.fetch("POST", path, { headers, body: JSON.stringify(value), signal: AbortSignal.timeout(30_000) });
        return response.status === 204 ? null : response.json();
    }

    async upload(file) {
        const headers = { "Content-Type": file.type || "application/octet-stream" };
        return (await this.fetch("POST", `/files?filename=${encodeURIComponent(file.name)}`, { headers, body: file })).json();
    }
}

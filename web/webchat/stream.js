// The bridge's events, read from a fetch: EventSource could not carry the token in a header.

/// A line without a byte for this long is dead: the bridge sends a comment every 15 s.
const SILENCE = 45_000;

/// Reads events behind `after` until the stream ends; `onEvent({id, event, data})` gets each in order.
/// Throws a Refusal when it cannot begin or breaks off.
export async function follow(api, after, onEvent, signal) {
    const watch = new AbortController();
    const abort = () => watch.abort();
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();  // a signal that was given before tells nobody again
    let timer = setTimeout(abort, SILENCE);
    try {
        const headers = { Accept: "text/event-stream", "Last-Event-ID": after };
        const response = await api.fetch("GET", "/events", { headers, signal: watch.signal });
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        const parse = parser(onEvent);
        for (;;) {
            const { done, value } = await reader.read();
            if (done) return;
            clearTimeout(timer);
            timer = setTimeout(abort, SILENCE);
            parse(value);
        }
    } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
    }
}

/// Source: HTML Living Standard, 9.2.6 "Interpreting an event stream".
export function parser(onEvent) {
    let rest = "";
    let event = { id: null, event: "message", data: [] };
    return (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const raw of lines) {
            const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
            if (line === "") {
                if (event.data.length > 0) onEvent({ ...event, data: JSON.parse(event.data.join("\n")) });
                event = { id: null, event: "message", data: [] };
                continue;
            }
            const colon = line.indexOf(":");
            if (colon === 0) continue;
            const name = colon < 0 ? line : line.slice(0, colon);
            const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
            if (name === "data") event.data.push(value);
            else if (name === "id") event.id = value;
            else if (name === "event") event.event = value;
        }
    };
}

/// Waits between tries: 0.5 s, doubled up to 30 s, each anywhere in its upper half, so that a restart is not met by everybody at once.
export class Backoff {
    #step = 500;
    reset() { this.#step = 500; }
    next() {
        const step = this.#step;
        this.#step = Math.min(step * 2, 30_000);
        return step / 2 + Math.random() * (step / 2);
    }
}

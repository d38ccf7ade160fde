// Elements without HTML: whatever somebody wrote becomes a text node and nothing else.

/// `make("a", {href: url, class: "link"}, "text", child)`: attributes by name, listeners as `on…` functions, children appended.
export function make(tag, attributes = {}, ...children) {
    const svg = tag === "svg" || tag === "path";
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (typeof value === "function") element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
}

/// A line drawing of 24 by 24.
export function icon(path) {
    return make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" }, make("path", { d: path }));
}

/// An absolute URL whose scheme cannot run anything; null for every other text.
export function safeURL(text, schemes = ["http:", "https:"]) {
    try {
        const url = new URL(text);
        return schemes.includes(url.protocol) ? url.href : null;
    } catch { return null; }
}

export function link(href, ...children) {
    return make("a", { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, ...children);
}

/// The text with its web addresses as links. What ends a sentence does not end an address.
export function linked(text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(/https?:\/\/[^\s<>"]+/gi)) {
        const found = match[0].replace(/[.,;:!?'»”)\]]+$/u, (tail) => (match[0].includes("(") && tail.startsWith(")") ? ")" : ""));
        const href = safeURL(found);
        if (!href) continue;
        parts.push(text.slice(end, match.index), link(href, found));
        end = match.index + found.length;
    }
    parts.push(text.slice(end));
    return parts.filter((part) => part !== "");
}

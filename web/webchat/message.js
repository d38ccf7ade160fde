// One message: text, files, buttons, and how far it got.
import { icon, link, linked, make, safeURL } from "./dom.js";

const STATES = {
    waiting: { path: "M12 6v6l4 2M12 3a9 9 0 1 0 .01 0", label: "Waiting to be sent" },
    sent: { path: "M5 13l4 4L19 7", label: "Sent" },
    delivered: { path: "M2 13l4 4L16 7M10 16l1 1L21 7", label: "Delivered" },
    failed: { path: "M12 7v6M12 16.5v.5M12 3a9 9 0 1 0 .01 0", label: "Not sent" },
};

/// - `message`: as the bridge sends it, or a waiting one in the same shape. `tap(button)` is called with a quick reply.
export function messageItem(message, state, { origin, tap, remove }) {
    const body = message.body || {};
    const own = message.from === "visitor";
    const bubble = make("div", { class: "bubble" }, make("span", { class: "hidden" }, own ? "You: " : "Answer: "));
    const text = body.text?.text;
    if (text) bubble.append(make("p", { class: "text", dir: "auto" }, ...linked(text)));
    for (const media of body.media || []) bubble.append(mediaBlock(media, origin));
    const item = make("div", { class: own ? "message own" : "message" }, bubble);
    const buttons = (body.buttons || []).map((button) => buttonFor(button, item, tap)).filter(Boolean);
    if (buttons.length > 0) item.append(make("div", { class: "replies", role: "group", "aria-label": "Quick replies" }, ...buttons));
    const at = new Date(message.createdAt);
    const time = make("time", { datetime: message.createdAt }, at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    item.append(make("div", { class: "meta" }, time));
    if (own) setState(item, state, { remove });
    return item;
}

/// Shows how far an own message got; a failed one can be put away.
export function setState(item, state, { remove, detail } = {}) {
    const meta = item.querySelector(".meta");
    item.dataset.state = state;
    meta.querySelectorAll(".state, .why, button").forEach((old) => old.remove());
    const { path, label } = STATES[state];
    meta.append(make("span", { class: "state", title: label }, icon(path), make("span", { class: "hidden" }, label)));
    if (state === "failed") {
        meta.append(make("span", { class: "why" }, detail || label));
        meta.append(make("button", { type: "button", class: "plain", onclick: () => { remove?.(); item.remove(); } }, "Remove"));
    }
}

function buttonFor(button, item, tap) {
    const title = String(button.title ?? "");
    if (button.url) {
        const href = safeURL(button.url, ["http:", "https:", "mailto:", "tel:"]);
        if (!href) return null;
        const made = link(href, title);
        made.className = "reply";
        return made;
    }
    return make("button", {
        type: "button", class: "reply",
        onclick: () => {
            item.querySelectorAll("button.reply").forEach((each) => { each.disabled = true; });
            tap(button);
        },
    }, title);
}

/// Pictures are shown when they come from the bridge itself: another host would learn who reads.
function mediaBlock(media, origin) {
    const href = safeURL(media.url);
    const name = media.filename || "File";
    if (!href) return make("p", { class: "file" }, name);
    const isOurs = new URL(href).origin === origin;
    if (isOurs && /^image\/(png|jpeg|gif|webp)$/.test(media.contentType || "")) {
        const picture = make("img", { alt: media.filename || "Picture", loading: "lazy", referrerpolicy: "no-referrer" });
        picture.src = href;
        return link(href, picture);
    }
    const size = media.size > 0 ? ` (${readable(media.size)})` : "";
    const made = link(href, icon("M14 3H6v18h12V7zM14 3v4h4"), `${name}${size}`);
    made.className = "file";
    return made;
}

function readable(bytes) {
    const units = ["B", "KB", "MB", "GB"];
    const power = Math.min(Math.floor(Math.log10(bytes) / 3), 3);
    return `${(bytes / 1000 ** power).toLocaleString([], { maximumFractionDigits: power > 0 ? 1 : 0 })} ${units[power]}`;
}

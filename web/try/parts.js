// What the panes share: filling a list without losing the reader's place, forms that say what went wrong, times.
import { make } from "/webchat/assets/dom.js";

/// Puts `children` into `list` when they differ from what is there; a focused control keeps the focus by its data-key, a reader at
/// the end stays at the end.
export function refill(list, signature, children) {
    const text = JSON.stringify(signature);
    if (list.dataset.signature === text) return;
    list.dataset.signature = text;
    const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    list.replaceChildren(...children);
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    if (wasAtEnd) list.scrollTop = list.scrollHeight;
}

/// A form of labelled fields and one button. `submit(values)` throws what its line then says; fields marked `once` are emptied after.
export function form(fields, button, submit) {
    const error = make("p", { class: "error", role: "alert" });
    const send = make("button", { type: "submit", class: "primary" }, button);
    const inputs = Object.entries(fields).map(([name, field]) => {
        const input = make(field.rows ? "textarea" : "input", {
            // Wide enough for what it begins with: fields that do not fit beside each other stand below.
            size: field.rows ? null : Math.max((field.value || field.placeholder || "").length + 2, field.size || 0),
            name, rows: field.rows, required: !field.optional, placeholder: field.placeholder, autocomplete: "off", dir: "auto",
            onkeydown: (event) => {
                if (field.rows && event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); element.requestSubmit(); }
            },
        });
        input.value = field.value || "";
        return { name, field, input, label: make("label", { class: field.wide ? "wide" : null }, make("span", {}, field.label), input) };
    });
    const element = make("form", {
        class: "writing",
        onsubmit: async (event) => {
            event.preventDefault();
            const values = Object.fromEntries(inputs.map(({ name, input }) => [name, input.value.trim()]));
            error.textContent = "";
            send.disabled = true;
            try {
                await submit(values);
                for (const { field, input } of inputs) if (field.once) input.value = "";
            } catch (failure) { error.textContent = failure.message; }
            send.disabled = false;
        },
    }, make("div", { class: "fields" }, ...inputs.filter(({ field }) => !field.wide).map(({ label }) => label)),
    make("div", { class: "fields" }, ...inputs.filter(({ field }) => field.wide).map(({ label }) => label), send), error);
    element.field = (name) => inputs.find((each) => each.name === name).input;
    return element;
}

/// A pane's head line.
export function heading(id, title, ...more) { return make("div", { class: "head" }, make("h2", { id: `${id}-title` }, title), ...more); }

export function clock(moment) {
    return make("time", { datetime: moment }, new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" }));
}

export const ADAPTERS = { twilio: "SMS", email: "Email", slack: "Slack", webchat: "Chat" };

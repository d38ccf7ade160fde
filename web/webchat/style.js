// The widget's looks as constructed style sheets: a page whose policy forbids inline styles still shows them.

/// `accent`: `#rrggbb`.
export function styleSheets(accent) {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(accent.slice(at, at + 2), 16) / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    // Black or white, whichever contrasts more. Source: WCAG 2.2, "relative luminance".
    const onAccent = luminance > 0.179 ? "#000" : "#fff";
    return [sheet(`:host { --accent: ${accent}; --on-accent: ${onAccent}; }`), sheet(STYLE)];
}

function sheet(text) {
    const made = new CSSStyleSheet();
    made.replaceSync(text);
    return made;
}

const STYLE = `
:host { all: initial; --ground: #fff; --raised: #f1f3f6; --ink: #1b2430; --soft: #566273; --line: #d5dbe3; --warn: #a3271f; --focus: #0b57d0;
    color-scheme: light dark; font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: var(--ink); }
@media (prefers-color-scheme: dark) {
    :host { --ground: #171c23; --raised: #262e39; --ink: #e9edf2; --soft: #a5b0bf; --line: #3a4452; --warn: #ff9d94; --focus: #8ab4ff; }
}
*, *::before { box-sizing: border-box; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
button:disabled, textarea:disabled { cursor: default; opacity: .55; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.icon { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }

.launcher { position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; width: 58px; height: 58px; border: 0; border-radius: 50%;
    display: grid; place-items: center; background: var(--accent); color: var(--on-accent); box-shadow: 0 4px 16px rgb(0 0 0 / .3); }
.launcher .icon { width: 28px; height: 28px; }
.badge { position: absolute; top: -4px; right: -4px; min-width: 22px; padding: 0 6px; border-radius: 11px; font-size: 13px; line-height: 22px;
    font-weight: 600; background: #c5221f; color: #fff; }

.panel { position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; width: 380px; height: min(620px, calc(100dvh - 40px)); display: flex;
    flex-direction: column; overflow: hidden; background: var(--ground); border: 1px solid var(--line); border-radius: 14px;
    box-shadow: 0 10px 40px rgb(0 0 0 / .3); animation: rise .18s ease-out; }
@keyframes rise { from { opacity: 0; transform: translateY(14px); } }
header { display: flex; align-items: center; gap: 8px; padding: 10px 10px 10px 16px; background: var(--accent); color: var(--on-accent); }
header :focus-visible { outline-color: currentColor; }
h2 { flex: 1; margin: 0; font-size: 16px; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0; }

.state-line, .notice, .typing { padding: 6px 16px; font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.state-line:empty, .notice:empty, .typing:empty { display: none; }
.state-line { background: var(--raised); }
.state-line[data-state="offline"], .state-line[data-state="refused"], .state-line[data-state="closed"] { color: var(--warn); }

.log { flex: 1; min-height: 0; margin: 0; padding: 16px; overflow-y: auto; overscroll-behavior: contain; list-style: none; display: flex;
    flex-direction: column; gap: 10px; }
.log::before { content: ""; margin-top: auto; }
.log:focus-visible { outline-offset: -3px; }
.message { align-self: flex-start; max-width: 86%; display: flex; flex-direction: column; align-items: flex-start; }
.own { align-self: flex-end; align-items: flex-end; }
.bubble { padding: 8px 12px; border-radius: 14px 14px 14px 4px; background: var(--raised); max-width: 100%; display: grid; gap: 6px; position: relative; }
.own .bubble { border-radius: 14px 14px 4px 14px; background: var(--accent); color: var(--on-accent); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.bubble a { color: inherit; overflow-wrap: anywhere; }
.bubble img { display: block; max-width: 100%; max-height: 220px; border-radius: 8px; }
.file { display: flex; gap: 6px; align-items: center; }
.meta { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; padding: 2px 4px 0; font-size: 12px; color: var(--soft); }
.state .icon { width: 15px; height: 15px; }
[data-state="failed"] .meta { color: var(--warn); }
.event { align-self: center; padding: 2px 12px; font-size: 13px; color: var(--soft); text-align: center; }
.replies { display: flex; flex-wrap: wrap; gap: 8px; padding-top: 8px; }
.reply { padding: 7px 14px; min-height: 36px; border: 1.5px solid var(--soft); border-radius: 18px; background: transparent; color: var(--ink);
    text-decoration: none; text-align: start; overflow-wrap: anywhere; }
.reply:hover:not(:disabled), .tool:hover:not(:disabled) { background: rgb(128 128 128 / .16); }
.plain { border: 0; background: none; padding: 2px 6px; text-decoration: underline; color: inherit; }
.earlier { align-self: center; padding: 8px; font-size: 13px; color: var(--soft); }

.composer { display: flex; align-items: flex-end; gap: 4px; padding: 8px; border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; resize: none; padding: 9px 12px; border: 1px solid var(--soft); border-radius: 12px; background: var(--ground); color: var(--ink); }
textarea::placeholder { color: var(--soft); opacity: 1; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.tool { width: 42px; height: 42px; display: grid; place-items: center; border: 0; border-radius: 10px; background: none; color: inherit; flex: none; }

@media (max-width: 480px) {
    .panel { inset: 0; width: auto; height: 100dvh; border: 0; border-radius: 0; }
    textarea { font-size: 16px; }
}
@media (prefers-reduced-motion: reduce) { *, *::before { animation: none !important; transition: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) { .bubble, .launcher, .panel { border: 1px solid CanvasText; } }
`;

// The widget's one line, for the channel that the page's address names.
const script = document.createElement("script");
script.src = "/webchat/widget.js";
script.dataset.channel = new URLSearchParams(location.search).get("channel") || "";
script.dataset.title = "Ask the shop";
script.addEventListener("load", () => window.ParleyChat?.open({ focus: false }));
document.head.append(script);

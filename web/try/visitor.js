// The page already has the widget's one line; here the chat is open from the start.
addEventListener("load", () => window.ParleyChat?.open({ focus: false }));

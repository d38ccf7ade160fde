// The chat widget's one line for a page of any origin:
//   <script src="https://bridge.example/webchat/widget.js" data-channel="ID" async></script>
// Optional: data-title, data-color (#rrggbb), data-user-id with data-user-hash (and data-user-name) for a person the page knows.
// A page's script may call ParleyChat.open(), .close() and .identify({userId, hash, name} or null) at any time.
(() => {
    "use strict";
    const script = document.currentScript;
    if (!script || window.ParleyChat) return;
    const data = script.dataset;
    if (!data.channel) return console.error("Parley: the widget's script needs data-channel");
    const own = new URL(script.src);
    const config = {
        base: `${own.origin}/webchat/${encodeURIComponent(data.channel)}`,
        origin: own.origin,
        channel: data.channel,
        title: data.title || "Chat with us",
        color: /^#[0-9a-f]{6}$/i.test(data.color || "") ? data.color : "#1f5fbf",
        identity: data.userId ? { userId: data.userId, hash: data.userHash || "", name: data.userName || undefined } : null,
        name: data.userName || undefined,
    };
    // Loaded while the page goes on; what is called before it is here waits for it.
    const chat = import(new URL("assets/chat.js", own).href).then(({ Chat }) => new Chat(config).start());
    chat.catch((error) => console.error("Parley: the chat could not start:", error.message));
    const call = (name) => (...values) => void chat.then((started) => started[name](...values), () => {});
    window.ParleyChat = Object.freeze({ open: call("open"), close: call("close"), identify: call("identify") });
})();
